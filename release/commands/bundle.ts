/** `release bundle`: makes a signed package from binaries. */

import path from 'node:path';
import { APPLY_LIMIT, BlockDigests } from '../../lib/delta/index.ts';
import { UsageError } from '../../lib/errors.ts';
import { decodeInput } from '../../lib/format/decoder.ts';
import {
  companionsOf,
  isAppName,
  type PayloadDraft,
  readPackage,
  verifyPayloads,
  withCompanions,
  writePackage,
} from '../../lib/package/index.ts';
import { memorySource, RunningDigest } from '../../lib/platform/files.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { signBinary } from '../../lib/trust/index.ts';
import { downloadUrl } from '../../lib/version/download-url.ts';
import {
  type Binary,
  executableName,
  isNewer,
  manifestSchema,
  TARGETS,
  type Target,
  targetName,
} from '../../lib/version/index.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { applyLimit, type Command, readArguments, required, wholeNumber } from '../command.ts';
import { readInput, requireOutput, untilInterrupted, withInput, writeOutput } from '../files.ts';
import { loadKeys, loadRoot, ROOT_FILE } from '../keys/keyring.ts';
import { askPassphrase, PASSPHRASE_HELP, PASSPHRASE_OPTIONS } from '../keys/passphrase.ts';
import { packEvolutions } from '../manifest/evolution.ts';
import {
  DESCRIBE_HELP,
  DESCRIBE_OPTIONS,
  type Description,
  readDescription,
  requireVersion,
} from '../manifest/options.ts';
import { readTarget } from '../manifest/target.ts';
import { print, tell } from '../platform/terminal.ts';
import { turn } from '../platform/timers.ts';
import { bytes } from '../progress.ts';
import { readConfigSchema } from '../repository/releases/config-schema.ts';
import type { Job, NewBinary } from '../work/job.ts';
import { makePayload } from '../work/make-payload.ts';
import { type Build, blocksOf, build, framesOf, fullPayload, patchPayload } from '../work/payloads.ts';
import { type CompanionsRequest, makeCompanions } from './bundle-companions.ts';
import { bundlePublished, type PublishedRequest } from './bundle-published.ts';

const HELP = `Usage: release bundle <version> --platform <p>-<a> --keys <keys> --new <file>
                      [--old <file> --from <version>] -o <file.dgmopkg> [options]
       release bundle <version> --platform <p>-<a> --repo <dir> [--from <version>] [--alone] -o <file.dgmopkg>

Makes a package for \`dgmo-updater --apply\`: with --old a patch from that binary, else the full binary. Everything in
it is tried before it is signed, and the package is read back before it gets its name. With --repo it copies a
published package: the patch from --from, or the full binary, and with it the updater and the config schema of the release.

  --platform <p>-<a>       ${TARGETS.map(targetName).join(', ')}
  --repo <dir>             a repository of \`release init\`
  --keys <keys>            the folder of \`release keys init\`; the passphrase is asked for, or DGMO_KEY_PASSPHRASE
${PASSPHRASE_HELP}\
  --new <file>             the binary of <version>
  --old <file>             the released binary of --from
  --from <version>         the version to update from
  --updater <file>         the updater that comes with it, as \`release compile\` made it for that platform
  --updater-version <v>    what it prints with --version (default: ${packageJson.version}, as this is)
  --config-schema <file>   a JSON Schema that its config file has to follow
  --alone                  with --repo: the package as it is in the feed, without these files
  --with-full              the full binary as well, in case the patch does not fit
  --level <1-22>           how hard the full binary is compressed
  --apply-limit <bytes>    how many bytes of a patch may have to be modelled when it is applied, about a million in one or two
                           seconds (default ${APPLY_LIMIT}). 0 makes patches that apply fastest, and are larger
  --app <name>             default dgmo
${DESCRIBE_HELP}  --download-url <url>     where the binary can be downloaded: an https address or a path in the feed
`;

const OPTIONS = {
  platform: { type: 'string' },
  repo: { type: 'string' },
  keys: { type: 'string' },
  new: { type: 'string' },
  old: { type: 'string' },
  from: { type: 'string' },
  output: { type: 'string', short: 'o' },
  updater: { type: 'string' },
  'updater-version': { type: 'string', default: packageJson.version },
  'config-schema': { type: 'string' },
  alone: { type: 'boolean', default: false },
  'with-full': { type: 'boolean', default: false },
  level: { type: 'string' },
  'apply-limit': { type: 'string' },
  app: { type: 'string', default: 'dgmo' },
  ...DESCRIBE_OPTIONS,
  ...PASSPHRASE_OPTIONS,
  'download-url': { type: 'string' },
} as const;

type Values = ReturnType<typeof readArguments<typeof OPTIONS>>['values'];

export const bundle: Command = {
  name: 'bundle',
  summary: 'make a signed package from binaries',
  help: HELP,
  async run(args) {
    const { values, operands } = readArguments(args, ['version'], OPTIONS);
    const [version = ''] = operands;
    if (values.repo !== undefined) {
      await bundlePublished(readPublishedRequest(version, values.repo, values));
      return;
    }
    const request = readRequest(version, values);
    await untilInterrupted(`${request.output} was not written`, (stopIfInterrupted) =>
      bundleBinaries(version, request, values, stopIfInterrupted),
    );
  },
};

async function bundleBinaries(
  version: string,
  request: Request,
  values: Values,
  stopIfInterrupted: () => void,
): Promise<void> {
  const root = loadRoot(path.join(request.keys, ROOT_FILE));
  const keys = loadKeys(request.keys, 'targets', root, await askPassphrase(values));
  const [signer] = keys;
  if (signer === undefined) throw new UsageError(`${request.keys}: wanted a targets key, found none`);

  const to = build(version, readInput(request.newFile));
  const old = request.old;
  const from = old === null ? null : { ...build(old.version, readInput(old.file)), file: old.file };
  requireOutput(request.output);
  const evolutions = await packEvolutions(request.description.evolutions, version);
  const companions = await makeCompanions(request);
  const payloads = await makePayloads(from, { ...to, file: request.newFile }, request);
  await turn();
  stopIfInterrupted();

  const subject = { ...request.target, size: to.digest.size, checksum: to.digest.sha256 };
  const signature = signBinary(subject, version, signer);
  const size = [payloads[0], ...evolutions].reduce((sum, payload) => sum + (payload?.content.size ?? 0), 0);
  const described = request.description.describe(old?.version ?? null, size, nativeHost().clock.now());
  const manifest = {
    ...described,
    schema: manifestSchema([request.target], described.evolutions),
    binaries: [{ ...subject, signature, downloadUrl: request.downloadUrl, ...partsOf(to, payloads) }],
    ...companions.named,
  };
  const all = [...payloads, ...evolutions];
  const draft = { app: request.app, ...request.target, manifest, payloads: all };
  const files = companionsOf(manifest, request.target).flatMap((file) => {
    const content = companions.contents[file.name];
    return content === undefined ? [] : [{ ...file, content: memorySource(content, file.name) }];
  });
  const digest = new RunningDigest();
  await writeOutput(
    request.output,
    (write) => {
      const emit = (piece: Uint8Array) => {
        digest.update(piece);
        write(piece);
      };
      if (files.length === 0) {
        writePackage(draft, keys, emit);
        return;
      }
      const pieces: Uint8Array[] = [];
      writePackage(draft, keys, (piece) => pieces.push(piece.slice()));
      for (const piece of withCompanions(memorySource(Buffer.concat(pieces)), files)) emit(piece);
    },
    {
      check: (file) =>
        withInput(file, async (source) => {
          await verifyPayloads(readPackage(source, root));
        }),
    },
  );
  const contents = all.map((payload) => {
    const name = payload.kind === 'evolution' ? `evolution ${payload.id}` : payload.kind;
    return `${name} ${bytes(payload.content.size)}`;
  });
  contents.push(...files.map(({ name, length }) => `${name} ${bytes(length)}`));
  const written = digest.digest();
  tell(
    `${contents.join(', ')}, signed by ${keys.length} of ${root.roles.targets.keys.length} targets keys\n`,
  );
  print(`${request.output}: ${bytes(written.size)}, SHA-256 ${written.sha256}\n`);
}

/** What the manifest says of the parts that the binary can be verified and fetched in. */
function partsOf({ content, digest }: Build, payloads: PayloadDraft[]): Pick<Binary, 'blocks' | 'frames'> {
  const list = new BlockDigests();
  list.update(content);
  const full = payloads.find(({ kind }) => kind === 'full');
  return {
    blocks: blocksOf(list.list()),
    ...(full === undefined ? {} : { frames: framesOf(full.content, digest.size) }),
  };
}

interface Request extends CompanionsRequest {
  app: string;
  keys: string;
  newFile: string;
  old: { file: string; version: string } | null;
  output: string;
  withFull: boolean;
  level: number | undefined;
  applyLimit: number | undefined;
  downloadUrl: string;
  description: Description;
}

/** With --repo, everything else follows from what is published there. */
function readPublishedRequest(version: string, repo: string, values: Values): PublishedRequest {
  requireVersion('<version>', version);
  const { repo: _, platform, from, output, alone, 'updater-version': __, ...others } = values;
  const foreign = Object.entries(others).find(
    ([name, value]) => value !== undefined && value !== false && name !== 'app' && String(value) !== '',
  );
  if (foreign !== undefined) throw new UsageError(`--${foreign[0]} and --repo do not go together`);
  if (from !== undefined) requireVersion('--from', from);
  return {
    version,
    target: platformOf(platform),
    repo,
    from: from ?? null,
    alone,
    output: required('-o <file.dgmopkg>', output),
  };
}

function platformOf(value: string | undefined): Target {
  const name = required('--platform', value);
  return readTarget(name, TARGETS, '--platform', `, found ${JSON.stringify(name)}`);
}

function readRequest(version: string, values: Values): Request {
  requireVersion('<version>', version);
  const target = platformOf(values.platform);
  const name = targetName(target);
  if (!isAppName(values.app))
    throw new UsageError(`--app: wanted a name such as dgmo, found ${JSON.stringify(values.app)}`);
  const old = readOld(version, values);
  const level = values.level === undefined ? undefined : wholeNumber('--level', values.level, 0, [1, 22]);
  const description = readDescription(version, values);
  if (values.alone) throw new UsageError('--alone goes with --repo');
  requireVersion('--updater-version', values['updater-version']);
  const url = values['download-url'] ?? executableName(`${values.app}-${version}-${name}`, target.platform);
  return {
    target,
    app: values.app,
    keys: required('--keys', values.keys),
    newFile: required('--new', values.new),
    old,
    output: required('-o <file.dgmopkg>', values.output),
    withFull: values['with-full'],
    level,
    applyLimit: applyLimit(values['apply-limit']) ?? undefined,
    downloadUrl: decodeInput(downloadUrl, url, '--download-url'),
    description,
    updater:
      values.updater === undefined ? null : { file: values.updater, version: values['updater-version'] },
    configSchema:
      values['config-schema'] === undefined
        ? undefined
        : readConfigSchema(readInput(values['config-schema']), values['config-schema']),
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

type BuildFile = Build & { file: string };

/** Without the content: another process reads it. */
function named({ version, digest, file }: BuildFile): NewBinary {
  return { version, digest, file };
}

/** The cheapest payload first. A patch that is not smaller than the full binary is left out. */
async function makePayloads(
  from: BuildFile | null,
  to: BuildFile,
  { withFull, level, applyLimit: limit, output }: Request,
): Promise<PayloadDraft[]> {
  const made = async (job: Job) => memorySource(await makePayload(job, output), job.label);
  const makeFull = async () =>
    fullPayload(
      to,
      await made({ kind: 'full', label: 'full binary', to: named(to), level: level ?? null, older: null }),
    );
  if (from === null) return [await makeFull()];
  if (from.digest.sha256 === to.digest.sha256) {
    throw new UsageError(
      `--old and --new: wanted two different binaries, found SHA-256 ${to.digest.sha256} twice`,
    );
  }
  const job: Job = {
    kind: 'patch',
    label: 'patch',
    from: named(from),
    to: named(to),
    applyLimit: limit ?? null,
  };
  const patch = patchPayload(from, to, await made(job));
  if (!withFull) return [patch];
  const full = await makeFull();
  if (patch.content.size < full.content.size) return [patch, full];
  tell(
    `the patch (${bytes(patch.content.size)}) saves nothing over the full binary (${bytes(full.content.size)}): left out\n`,
  );
  return [full];
}
