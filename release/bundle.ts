/** `release bundle`: a signed package out of binaries. */

import path from 'node:path';
import { UsageError } from '../lib/errors.ts';
import {
  isAppName,
  type PayloadDraft,
  readPackage,
  verifyPayloads,
  writePackage,
} from '../lib/package/index.ts';
import { nativeHost } from '../lib/platform/native.ts';
import { signBinary } from '../lib/trust/index.ts';
import { DOWNLOAD_URL, isDownloadUrl } from '../lib/version/download-url.ts';
import {
  type DGMOVersion,
  executableName,
  isNewer,
  isVersion,
  parseTarget,
  RISK_LEVELS,
  TARGETS,
  type Target,
  targetName,
  UPDATE_TYPES,
  type UpdateType,
} from '../lib/version/index.ts';
import { type Command, choice, readArguments, required, wholeNumber } from './command.ts';
import { readEvolution } from './evolution.ts';
import { readInput, withInput, writeOutput } from './files.ts';
import { loadKeys, loadRoot, ROOT_FILE } from './keyring.ts';
import { parseNotes } from './notes.ts';
import { askPassphrase } from './passphrase.ts';
import { type Build, build, makeFull, makePatch } from './payloads.ts';
import { bytes } from './progress.ts';

const HELP = `Usage: release bundle <version> --platform <p>-<a> --keys <keys> --new <file>
                      [--old <file> --from <version>] -o <file.dgmopkg> [options]

Makes one package that \`dgmo-updater --apply\` takes: with --old a patch from that binary, else the full binary.
Everything in it is tried out before it is signed, and the package is read back before it gets its name.

  --platform <p>-<a>       ${TARGETS.map(targetName).join(', ')}
  --keys <keys>            the folder of \`release keys init\`; the passphrase is asked for, or DGMO_KEY_PASSPHRASE
  --new <file>             the binary of <version>
  --old <file>             the released binary of --from
  --from <version>         the version that is updated
  --with-full              the full binary as well, for when the patch does not fit
  --level <1-22>           how hard the full binary is compressed
  --app <name>             default dgmo
  --notes <file.md>        release notes; lists under "Added", "Fixed", ... become entries
  --type <t>               ${UPDATE_TYPES.join(', ')} (default: by the numbers)
  --risk <r>               ${RISK_LEVELS.join(', ')} (default low)
  --evolution <dir>        a plugin that comes with it: <dir>/evolution.json; may be repeated
  --data-version <n>       format of the user data (default 1)
  --rollback-min <v>       lowest version to roll back to (default: --from, else <version>)
  --no-rollback            it cannot be rolled back
  --release-date <time>    ISO 8601 (default: now)
  --download-url <url>     where the binary is to be had, an https address or a path in the feed
`;

const OPTIONS = {
  platform: { type: 'string' },
  keys: { type: 'string' },
  new: { type: 'string' },
  old: { type: 'string' },
  from: { type: 'string' },
  output: { type: 'string', short: 'o' },
  'with-full': { type: 'boolean', default: false },
  level: { type: 'string' },
  app: { type: 'string', default: 'dgmo' },
  notes: { type: 'string' },
  type: { type: 'string' },
  risk: { type: 'string' },
  evolution: { type: 'string', multiple: true, default: [] as string[] },
  'data-version': { type: 'string' },
  'rollback-min': { type: 'string' },
  'no-rollback': { type: 'boolean', default: false },
  'release-date': { type: 'string' },
  'download-url': { type: 'string' },
} as const;

type Values = ReturnType<typeof readArguments<typeof OPTIONS>>['values'];

export const bundle: Command = {
  name: 'bundle',
  summary: 'make a signed package out of binaries',
  help: HELP,
  async run(args) {
    const { values, operands } = readArguments(args, ['version'], OPTIONS);
    const [version = ''] = operands;
    const request = readRequest(version, values);
    const root = loadRoot(path.join(request.keys, ROOT_FILE));
    const keys = loadKeys(request.keys, 'targets', root, await askPassphrase());
    const [signer] = keys;
    if (signer === undefined) throw new UsageError(`${request.keys}: wanted a targets key, found none`);

    const to = build(version, readInput(request.newFile));
    const old = request.old;
    const from = old === null ? null : build(old.version, readInput(old.file));
    const payloads = await makePayloads(from, to, request);

    const subject = { ...request.target, size: to.digest.size, checksum: to.digest.sha256 };
    const signature = signBinary(subject, version, signer);
    const size = payloads[0]?.content.size ?? 0;
    const manifest = request.manifest({ ...subject, signature, downloadUrl: request.downloadUrl }, size);
    const draft = { app: request.app, ...request.target, manifest, payloads };
    let written = { sha256: '', size: 0 };
    await writeOutput(
      request.output,
      (write) => {
        written = writePackage(draft, keys, write);
      },
      {
        check: (file) =>
          withInput(file, async (source) => {
            await verifyPayloads(readPackage(source, root));
          }),
      },
    );
    const contents = payloads.map(({ kind, content }) => `${kind} ${bytes(content.size)}`).join(', ');
    process.stderr.write(
      `${contents}, signed by ${keys.length} of ${root.roles.targets.keys.length} targets keys\n`,
    );
    process.stdout.write(`${request.output}: ${bytes(written.size)}, SHA-256 ${written.sha256}\n`);
  },
};

interface Request {
  target: Target;
  app: string;
  keys: string;
  newFile: string;
  old: { file: string; version: string } | null;
  output: string;
  withFull: boolean;
  level: number | undefined;
  downloadUrl: string;
  manifest(binary: DGMOVersion['binaries'][number], size: number): DGMOVersion;
}

function readRequest(version: string, values: Values): Request {
  requireVersion('<version>', version);
  const name = required('--platform', values.platform);
  const target = parseTarget(name);
  if (target === null) {
    throw new UsageError(
      `--platform: wanted ${TARGETS.map(targetName).join(', ')}, found ${JSON.stringify(name)}`,
    );
  }
  if (!isAppName(values.app))
    throw new UsageError(`--app: wanted a name such as dgmo, found ${JSON.stringify(values.app)}`);
  const old = readOld(version, values);
  const level = values.level === undefined ? undefined : wholeNumber('--level', values.level, 0, [1, 22]);
  const manifest = readManifest(version, old?.version ?? null, values);
  const downloadUrl =
    values['download-url'] ?? executableName(`${values.app}-${version}-${name}`, target.platform);
  if (!isDownloadUrl(downloadUrl)) {
    throw new UsageError(`--download-url: wanted ${DOWNLOAD_URL}, found ${JSON.stringify(downloadUrl)}`);
  }
  return {
    target,
    app: values.app,
    keys: required('--keys', values.keys),
    newFile: required('--new', values.new),
    old,
    output: required('-o <file.dgmopkg>', values.output),
    withFull: values['with-full'],
    level,
    downloadUrl,
    manifest,
  };
}

function readOld(version: string, { old, from }: Values): Request['old'] {
  if (old === undefined && from === undefined) return null;
  if (old === undefined || from === undefined)
    throw new UsageError('--old and --from are wanted together, found one');
  requireVersion('--from', from);
  if (!isNewer(version, from))
    throw new UsageError(`--from: wanted a version before ${version}, found ${from}`);
  return { file: old, version: from };
}

function readManifest(version: string, from: string | null, values: Values): Request['manifest'] {
  const type = choice('--type', values.type, UPDATE_TYPES, typeByNumbers(version, from));
  const riskLevel = choice('--risk', values.risk, RISK_LEVELS, 'low');
  const minVersion = values['rollback-min'] ?? from ?? version;
  requireVersion('--rollback-min', minVersion);
  if (isNewer(minVersion, version)) {
    throw new UsageError(`--rollback-min: wanted at most ${version}, found ${minVersion}`);
  }
  const dataVersion = wholeNumber('--data-version', values['data-version'], 1, [0, 0x7fffffff]);
  const releaseDate = readDate(values['release-date']);
  const changes = parseNotes(
    values.notes === undefined ? '' : new TextDecoder().decode(readInput(values.notes)),
  );
  const evolutions = values.evolution.map(readEvolution);
  return (binary, size) => ({
    version,
    releaseDate,
    binaries: [binary],
    updates: { from, type, size, changes, riskLevel },
    evolutions,
    rollback: { supported: !values['no-rollback'], minVersion, dataVersion },
  });
}

function requireVersion(option: string, value: string): void {
  if (!isVersion(value)) {
    throw new UsageError(
      `${option}: wanted a semantic version such as 1.2.3, found ${JSON.stringify(value)}`,
    );
  }
}

function readDate(value: string | undefined): number {
  if (value === undefined) return nativeHost().clock.now();
  const time = Date.parse(value);
  if (Number.isNaN(time)) {
    throw new UsageError(
      `--release-date: wanted a time such as 2030-01-31T12:00:00Z, found ${JSON.stringify(value)}`,
    );
  }
  return time;
}

/** Which number differs from the release before; for the first release, which is the last that is not 0. */
function typeByNumbers(version: string, from: string | null): UpdateType {
  const [major, minor] = version.split('.', 2);
  const [fromMajor, fromMinor] = (from ?? '0.0').split('.', 2);
  if (major !== fromMajor) return 'major';
  return minor !== fromMinor ? 'minor' : 'patch';
}

/** The cheapest first. A patch that saves nothing over the full binary is left out. */
async function makePayloads(
  from: Build | null,
  to: Build,
  { withFull, level }: Request,
): Promise<PayloadDraft[]> {
  if (from === null) return [await makeFull(to, level)];
  if (from.digest.sha256 === to.digest.sha256) {
    throw new UsageError(
      `--old and --new: wanted two different binaries, found SHA-256 ${to.digest.sha256} twice`,
    );
  }
  const patch = await makePatch(from, to);
  if (!withFull) return [patch];
  const full = await makeFull(to, level);
  if (patch.content.size < full.content.size) return [patch, full];
  process.stderr.write(
    `the patch (${bytes(patch.content.size)}) saves nothing over the full binary (${bytes(full.content.size)}): left out\n`,
  );
  return [full];
}
