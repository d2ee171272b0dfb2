/** A package: what it says, whether its payloads are as signed, and, with a root, whether the signatures count. */
import {
  type PackageContents,
  peekPackage,
  readPackage,
  requirePatchAsSigned,
  verifyPayloads,
} from '../../../lib/package/index.ts';
import { targetName } from '../../../lib/version/index.ts';
import { bytes } from '../../progress.ts';
import type { Inspector, Note } from './inspector.ts';

export const inspectPackage: Inspector = async (source, note, root) => {
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
  note('signatures', contents.claimedSigners);
  if (root === null) note('trusted', 'not checked, no root given');
  else note('trusted', readPackage(source, root).signedBy);
  await verifyPayloads(contents);
  checkPatches(contents);
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

/** The header of a patch must say what the signed statement says of it, or the updater would refuse it later. */
function checkPatches(contents: PackageContents): void {
  for (const [index, payload] of contents.payloads.entries()) {
    if (payload.kind !== 'patch') continue;
    requirePatchAsSigned(contents.payload(index), payload);
  }
}
