/** A patch: its header, and the digest of what follows. Whether it makes the right binary, `release patch` shows. */
import { applyPatch, type PatchHeader, readPatchHeader, type StreamName } from '../../../lib/delta/index.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { digestBytes, readSource, type Source } from '../../../lib/platform/files.ts';
import type { Inspector } from './inspector.ts';

/** Of a header in the long form, and in the short one. */
const MAGICS = ['DGMO_PATCH_V1', 'DGMP'];

/** What each stream of a patch is for. */
const PARTS: Record<StreamName, string> = {
  diffLengths: 'how long the pieces are that resemble the old file',
  extraLengths: 'how much is new after each',
  seeks: 'where in the old file they are',
  skips: 'how far apart the differences are',
  runs: 'how long they are',
  values1: 'differences of one byte',
  values2: 'differences of two bytes',
  values3: 'differences of three bytes',
  values4: 'longer differences',
  extra: 'new bytes in bulk',
  packed: 'which parts of both files are compressed, and how those of the new one are made again',
  model: 'where the pieces come from, and all that their prediction got wrong',
  second: 'the same of the last part of the new file, which is made by another thread at the same time',
};

export function looksLikePatch(source: Source): boolean {
  return MAGICS.some((magic) => {
    if (source.size < magic.length) return false;
    const start = Buffer.alloc(magic.length);
    source.read(0, start);
    return start.toString('latin1') === magic;
  });
}

export const inspectPatch: Inspector = async (source, note, { old }) => {
  const header = readPatchHeader(source);
  note('header', header);
  note('parts', partsOf(header, source.size));
  const { sha256 } = digestBytes(readSource(source).subarray(header.headerSize));
  if (sha256 !== header.patchChecksum) {
    throw new DamagedError(`patch: wanted a content with SHA-256 ${header.patchChecksum}, found ${sha256}`);
  }
  if (old === null) return;
  const costs: Record<string, number> = {};
  await applyPatch({
    ...{ patch: source, old, write: () => undefined },
    onCosts: (found) => Object.assign(costs, found),
  });
  const named = Object.entries(costs).filter(([, bytes]) => bytes > 0);
  note(
    'modelled',
    named.sort(([, a], [, b]) => b - a).map(([part, bytes]) => ({ part, bytes })),
  );
};

/** What each part of the patch costs. */
function partsOf({ headerSize, streams }: PatchHeader, size: number) {
  const share = (bytes: number) => `${((100 * bytes) / size).toFixed(1)} %`;
  const header = {
    part: 'which files it is for, and their digests',
    bytes: headerSize,
    share: share(headerSize),
  };
  const others = streams
    .filter(({ compressedSize }) => compressedSize > 0)
    .map(({ name, rawSize, compressedSize }) => ({
      part: PARTS[name],
      bytes: compressedSize,
      share: share(compressedSize),
      unpacked: rawSize,
    }));
  return [header, ...others];
}
