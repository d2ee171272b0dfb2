/** Which evolutions are installed, by the receipt beside them. */
import { UpdaterError } from '../../errors.ts';
import { array, type Decoded, hex, object, oneOf, stringOf } from '../../format/decoder.ts';
import { parseJson } from '../../format/json.ts';
import type { SnapshotSetup } from '../../home/snapshot-setup.ts';
import { readFile } from '../../platform/files.ts';
import { EVOLUTIONS_RECEIPT } from '../../version/manifest.ts';
import { version } from '../../version/semver.ts';
import type { Session } from '../session.ts';

const LIMIT = 8 << 20;
const name = stringOf('a name', (value) => value.length > 0 && value.length <= 1024);

const receiptShape = object({
  schema: oneOf(1),
  evolutions: array(
    object({
      id: name,
      /** Of the release that it came with. */
      version,
      /** SHA-256 of its archive. */
      digest: hex(32),
      files: array(object({ path: name, sha256: hex(32) }), 1, 4096),
    }),
    0,
    1000,
  ),
});

export type InstalledEvolution = Decoded<typeof receiptShape>['evolutions'][number];

/** Empty if none was installed, or if the receipt is damaged: existing files are left as they are then. */
export function installedEvolutions(
  { host, layout }: Session,
  { profile }: { profile: Pick<SnapshotSetup['profile'], 'roots'> },
): InstalledEvolution[] {
  const [root] = profile.roots.evolutions;
  if (root === undefined) return [];
  const path = layout.join(root, EVOLUTIONS_RECEIPT);
  try {
    const bytes = readFile(host.disk, path, LIMIT);
    return bytes === null ? [] : receiptShape(parseJson(bytes, path, LIMIT), path).evolutions;
  } catch (error) {
    if (error instanceof UpdaterError) return [];
    throw error;
  }
}
