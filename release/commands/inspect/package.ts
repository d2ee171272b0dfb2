/** A package: what it says, whether its payloads are as signed, and, with a root, whether the signatures count. */
import { DamagedError } from '../../../lib/errors.ts';
import {
  type PackageContents,
  peekPackage,
  readPackage,
  requirePatchAsSigned,
  verifyPayloads,
} from '../../../lib/package/index.ts';
import { binaryFor, targetName } from '../../../lib/version/index.ts';
import { bytes } from '../../progress.ts';
import { framesOf } from '../../work/payloads.ts';
import type { Inspector, Note } from './inspector.ts';

export const inspectPackage: Inspector = async (source, note, { root }) => {
  const contents = peekPackage(source);
  const { manifest } = contents;
  note('app', contents.app);
  note('target', targetName(contents));
  note('version', contents.version);
  note('released', new Date(manifest.releaseDate).toISOString());
  note('from', manifest.updates.from ?? 'none');
  note('type', manifest.updates.type);
  note('risk', manifest.updates.riskLevel);
  note(
    'evolutions',
    manifest.evolutions.map(({ id }) => id),
  );
  note('rollback', manifest.rollback);
  note('binary', contents.binary);
  note('payloads', contents.payloads);
  if (contents.companions.length > 0)
    note(
      'besides',
      contents.companions.map(({ name, length, sha256 }) => ({ name, length, sha256 })),
    );
  note('signatures', contents.claimedSigners);
  if (root === null) note('trusted', 'not checked, no root given');
  else note('trusted', readPackage(source, root).signedBy);
  await verifyPayloads(contents);
  checkPatches(contents);
  checkFrames(contents);
  await noteEvolutions(contents, note);
};

/** Every archive is opened; one that does not hold what the updater wants is damaged. */
async function noteEvolutions(contents: PackageContents, note: Note): Promise<void> {
  for (const { id } of contents.evolutions()) {
    const { files } = await contents.evolution(id);
    const told = files.map((file) => [
      file.path,
      `${file.mode === 0o755 ? 'executable, ' : ''}${bytes(file.bytes.length)}, SHA-256 ${file.sha256}`,
    ]);
    note(`evolution ${id}`, Object.fromEntries(told));
  }
}

/** The frames must be those that the manifest speaks of, or single blocks of the binary could not be fetched later. */
function checkFrames(contents: PackageContents): void {
  const signed = binaryFor(contents.manifest, contents)?.frames;
  for (const [index, { compression }] of contents.payloads.entries()) {
    if (compression !== 'frames') continue;
    const found = framesOf(contents.payload(index), contents.binary.size);
    if (signed === undefined || Bun.deepEquals(found, signed)) continue;
    throw new DamagedError(
      `package: wanted frames with the index ${signed.index.sha256}, as in its manifest, found ${found.index.sha256}`,
    );
  }
}

/** The header of a patch must say what the signed statement says of it, or the updater would refuse it later. */
function checkPatches(contents: PackageContents): void {
  for (const [index, payload] of contents.payloads.entries()) {
    if (payload.kind !== 'patch') continue;
    requirePatchAsSigned(contents.payload(index), payload);
  }
}
