/** The updater and the schema of the config that `release bundle` puts beside a release: they are what a feed would have. */
import type { Companion } from '../../lib/package/index.ts';
import { digestBytes } from '../../lib/platform/files.ts';
import type { DGMOVersion, Target } from '../../lib/version/index.ts';
import { readInput } from '../files.ts';
import { configSchemaPath, updaterPath } from '../repository/layout.ts';
import { makePayload } from '../work/make-payload.ts';
import { build } from '../work/payloads.ts';

export interface CompanionsRequest {
  target: Target;
  updater: { file: string; version: string } | null;
  configSchema: Uint8Array | undefined;
  /** The package. */
  output: string;
}

export interface Companions {
  /** What the manifest says of them. */
  named: Pick<DGMOVersion, 'updaters' | 'configSchema'>;
  contents: Readonly<Record<Companion, Uint8Array | undefined>>;
}

/** Compresses the updater. Throws UsageError if there is no such file. */
export async function makeCompanions({
  target,
  updater,
  configSchema,
  output,
}: CompanionsRequest): Promise<Companions> {
  const listed = (content: Uint8Array, at: (sha256: string) => string) => {
    const { sha256, size: length } = digestBytes(content);
    return { path: at(sha256), length, sha256 };
  };
  const made = updater === null ? null : build(updater.version, readInput(updater.file));
  const framed =
    updater === null || made === null
      ? undefined
      : await makePayload(
          {
            ...{ kind: 'full', label: 'updater', level: null, older: null },
            to: { version: updater.version, digest: made.digest, file: updater.file },
          },
          output,
        );
  const { platform, arch } = target;
  return {
    named: {
      ...(updater === null || made === null || framed === undefined
        ? {}
        : {
            updaters: [
              {
                ...{ platform, arch, version: updater.version },
                ...{ size: made.digest.size, checksum: made.digest.sha256 },
                file: listed(framed, (sha256) => updaterPath(target, sha256)),
              },
            ],
          }),
      ...(configSchema === undefined ? {} : { configSchema: listed(configSchema, configSchemaPath) }),
    },
    contents: { updater: framed, 'config schema': configSchema },
  };
}
