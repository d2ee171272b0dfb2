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
  SHORT_MAGIC,
} from './format.ts';
import { commonStart, damagedHeader, HeaderFields, type PatchHeader } from './header-fields.ts';

/** What the byte after the magic tells: how the patch is made, plus EQUAL if both files are equal. */
const BY_BSDIFF = 1;
/** Plus what it is besides. */
const BY_MIXING = 2;
const IN_LANES = 1;
const BY_SECOND_MODEL = 2;
const BY_THIRD_MODEL = 4;
/** The fourth model has one lane. */
const BY_FOURTH = 8;
const LAST_WAY = BY_FOURTH;
const EQUAL = 128;
const CHECK = 8;

/** The caller has checked the versions with `isVersion`, and the sizes. */
export function encodeShortHeader(header: Omit<PatchHeader, 'headerSize'>): Uint8Array {
  const { fromVersion, toVersion, fromSize, toSize, fromChecksum, toChecksum } = header;
  const writer = new ByteWriter();
  const isEqual = fromChecksum === toChecksum;
  writer.append(Buffer.from(SHORT_MAGIC));
  writer.byte(wayOf(header) + (isEqual ? EQUAL : 0));
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
  const way = form & ~EQUAL;
  if (way < BY_BSDIFF || way > LAST_WAY) {
    throw new DamagedError(
      `the patch is made in the way ${way}, this updater knows ${BY_BSDIFF} (${BSDIFF}) and ${BY_MIXING} to ${LAST_WAY} (${MIXING})`,
      { advice: 'A newer dgmo-updater is needed for this patch.' },
    );
  }
  const algorithm = way === BY_BSDIFF ? BSDIFF : MIXING;
  const more = way === BY_FOURTH ? 0 : way - BY_MIXING;
  const isSplit = algorithm === MIXING && (more & IN_LANES) !== 0;
  const models = {
    ...(algorithm === MIXING && (more & BY_SECOND_MODEL) !== 0 ? { secondModel: true as const } : {}),
    ...(algorithm === MIXING && (more & BY_THIRD_MODEL) !== 0 ? { thirdModel: true as const } : {}),
    ...(way === BY_FOURTH ? { fourthModel: true as const } : {}),
  };
  const fromVersion = fields.version('fromVersion');
  const toVersion = fields.versionAfter('toVersion', fromVersion);
  const fromSize = fields.varint('fromSize', FILE_LIMIT);
  const toSize = fields.varintAfter('toSize', fromSize, FILE_LIMIT);
  const fromChecksum = fields.digest();
  const isEqual = (form & EQUAL) !== 0;
  const toChecksum = isEqual ? fromChecksum : fields.digest();
  if (!isEqual && toChecksum === fromChecksum) throw damagedHeader('it has the same checksum twice');
  const names = isSplit ? LANES_STREAMS.map(({ name }) => name) : namesOf(algorithm);
  const streams = names.map((name) => {
    const rawSize = fields.varint(`${name}.rawSize`, mostRaw({ toSize }));
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
  };
}

function wayOf(header: Omit<PatchHeader, 'headerSize'>): number {
  const { algorithm, streams, secondModel, thirdModel, fourthModel } = header;
  if (algorithm === BSDIFF) return BY_BSDIFF;
  if (fourthModel === true) return BY_FOURTH;
  const isSplit = streams.length === LANES_STREAMS.length;
  const model = thirdModel === true ? BY_THIRD_MODEL : secondModel === true ? BY_SECOND_MODEL : 0;
  return BY_MIXING + (isSplit ? IN_LANES : 0) + model;
}

/** Tells damage from none. Whether the new file is the right one, its own digest decides. */
function checkOf(header: Uint8Array, patchChecksum: string): Buffer {
  const bytes = Buffer.concat([header, Buffer.from(patchChecksum, 'hex')]);
  return Buffer.from(digestBytes(bytes).sha256, 'hex').subarray(0, CHECK);
}
