/**
 * The short form of a header: what can be computed from the rest of the patch is not in it, and numbers have as many bytes as they
 * need. In the patch of a small program the long form would be a large part. FORMAT.md has the layout.
 */
import { DamagedError } from '../errors.ts';
import { chunksOf, digestBytes, RunningDigest, type Source, sliceSource } from '../platform/files.ts';
import { ByteWriter } from './byte-writer.ts';
import {
  BSDIFF,
  COMPRESSION,
  FILE_LIMIT,
  isStored,
  LANES_STREAMS,
  MAGIC,
  MIXING,
  mostRaw,
  namesOf,
  PACKED_STREAM,
  SHORT_MAGIC,
} from './format.ts';
import { commonStart, damagedHeader, HeaderFields, type PatchHeader } from './header-fields.ts';

/** What the byte after the magic tells: how the patch is made, plus EQUAL if both files are equal, plus UNPACKED if it is made between unpacked files. */
const BY_BSDIFF = 1;
/** Plus 1 if it is in lanes, plus twice which of these it is. Those that are missing were never written. */
const BY_MIXING = 2;
const IN_LANES = 1;
const MODELS: readonly Pick<PatchHeader, 'secondModel' | 'thirdModel' | 'fourthModel' | 'fastSteps'>[] = [
  {},
  { secondModel: true },
  { thirdModel: true },
  // It has one lane.
  { fourthModel: true },
  { fastSteps: true },
];
const EQUAL = 128;
const UNPACKED = 64;
const CHECK = 8;

/** The caller has checked the versions with `isVersion`, and the sizes. */
export function encodeShortHeader(header: Omit<PatchHeader, 'headerSize'>): Uint8Array {
  const { fromVersion, toVersion, fromSize, toSize, fromChecksum, toChecksum, unpackedSize } = header;
  const writer = new ByteWriter();
  const isEqual = fromChecksum === toChecksum;
  writer.append(Buffer.from(SHORT_MAGIC));
  writer.byte(wayOf(header) + (isEqual ? EQUAL : 0) + (unpackedSize === undefined ? 0 : UNPACKED));
  writer.byte(fromVersion.length);
  writer.append(Buffer.from(fromVersion));
  const common = commonStart(fromVersion, toVersion);
  writer.byte(common);
  writer.byte(toVersion.length - common);
  writer.append(Buffer.from(toVersion.slice(common)));
  writer.varint(fromSize);
  writer.zigzag(toSize - fromSize);
  writer.append(Buffer.from(fromChecksum, 'hex'));
  if (!isEqual) writer.append(Buffer.from(toChecksum, 'hex'));
  if (unpackedSize !== undefined) writer.varint(unpackedSize);
  for (const { name, rawSize, compressedSize } of header.streams) {
    writer.varint(rawSize);
    if (rawSize > 0 && !isStored(name)) writer.varint(compressedSize);
  }
  writer.append(checkOf(writer.bytes, header.patchChecksum));
  return writer.bytes.slice();
}

/**
 * The header of a patch that begins with SHORT_MAGIC. All of the patch is read. Throws DamagedError if anything is not as in FORMAT.md, or a byte of the patch is another one
 * than it was.
 */
export function readShortHeader(patch: Source, start: Buffer): PatchHeader {
  const fields = new HeaderFields(start, SHORT_MAGIC.length);
  const form = fields.byte();
  const isUnpacked = (form & UNPACKED) !== 0;
  const way = form & ~EQUAL & ~UNPACKED;
  const models = way === BY_BSDIFF ? {} : MODELS[(way - BY_MIXING) >> 1];
  if (models === undefined || (way === BY_BSDIFF ? isUnpacked : !waysOfMixing().includes(way))) {
    throw new DamagedError(
      `the patch is made in the way ${way}${isUnpacked ? ' between unpacked files' : ''}, this updater knows ${BY_BSDIFF} (${BSDIFF}) and ${waysOfMixing().join(', ')} (${MIXING})`,
      { advice: 'A newer dgmo-updater is needed for this patch.' },
    );
  }
  const algorithm = way === BY_BSDIFF ? BSDIFF : MIXING;
  const isSplit = algorithm === MIXING && ((way - BY_MIXING) & IN_LANES) !== 0;
  const fromVersion = fields.version('fromVersion');
  const toVersion = fields.versionAfter('toVersion', fromVersion);
  const fromSize = fields.varint('fromSize', FILE_LIMIT);
  const toSize = fields.varintAfter('toSize', fromSize, FILE_LIMIT);
  const fromChecksum = fields.digest();
  const isEqual = (form & EQUAL) !== 0;
  const toChecksum = isEqual ? fromChecksum : fields.digest();
  if (!isEqual && toChecksum === fromChecksum) throw damagedHeader('it has the same checksum twice');
  const unpackedSize = isUnpacked ? fields.varint('unpackedSize', FILE_LIMIT) : toSize;
  const modelled = isSplit ? LANES_STREAMS.map(({ name }) => name) : namesOf(algorithm);
  const names = isUnpacked ? [PACKED_STREAM.name, ...modelled] : modelled;
  const streams = names.map((name) => {
    const most = name === PACKED_STREAM.name ? PACKED_STREAM.mostRaw : mostRaw({ toSize: unpackedSize });
    const rawSize = fields.varint(`${name}.rawSize`, most);
    const isWritten = rawSize > 0 && !isStored(name);
    const compressedSize = isWritten ? fields.varint(`${name}.compressedSize`, FILE_LIMIT) : rawSize;
    if (name === 'second' && rawSize === 0) throw damagedHeader('its second lane is empty');
    if (rawSize > 0 && compressedSize === 0) throw damagedHeader(`${name} has ${rawSize} bytes out of none`);
    return { name, rawSize, compressedSize };
  });
  const body = start.subarray(0, fields.at);
  const check = fields.bytes(CHECK).toString('hex');
  const headerSize = fields.at;
  const size = streams.reduce((total, { compressedSize }) => total + compressedSize, 0);
  if (headerSize + size !== patch.size) {
    throw new DamagedError(
      `the patch has ${patch.size} bytes, its header wants ${headerSize + size}: it is cut off, or something follows it`,
    );
  }
  const content = new RunningDigest();
  for (const chunk of chunksOf(sliceSource(patch, headerSize, size))) content.update(chunk);
  const patchChecksum = content.digest().sha256;
  const found = checkOf(body, patchChecksum).toString('hex');
  if (found !== check) {
    throw new DamagedError(`the patch is damaged: the check of all its bytes is ${found}, wanted ${check}`);
  }
  return {
    ...{ magic: MAGIC, algorithm, compression: COMPRESSION, fromVersion, toVersion, fromSize, toSize },
    ...{ fromChecksum, toChecksum, patchChecksum, size, streams, headerSize, short: true },
    ...models,
    ...(isUnpacked ? { unpackedSize } : {}),
  };
}

function wayOf({ algorithm, streams, ...header }: Omit<PatchHeader, 'headerSize'>): number {
  if (algorithm === BSDIFF) return BY_BSDIFF;
  const isSplit = streams.some(({ name }) => name === 'second');
  const { secondModel, thirdModel, fourthModel, fastSteps } = header;
  const index = MODELS.findIndex(
    (model) =>
      model.secondModel === secondModel &&
      model.thirdModel === thirdModel &&
      model.fourthModel === fourthModel &&
      model.fastSteps === fastSteps,
  );
  return BY_MIXING + (isSplit ? IN_LANES : 0) + 2 * index;
}

function waysOfMixing(): number[] {
  return MODELS.flatMap(({ fourthModel }, index) => {
    const way = BY_MIXING + 2 * index;
    return fourthModel === true ? [way] : [way, way + IN_LANES];
  });
}

/** Tells damage from none. Whether the new file is the right one, its own digest decides. */
function checkOf(header: Uint8Array, patchChecksum: string): Buffer {
  const bytes = Buffer.concat([header, Buffer.from(patchChecksum, 'hex')]);
  return Buffer.from(digestBytes(bytes).sha256, 'hex').subarray(0, CHECK);
}
