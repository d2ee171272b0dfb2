/** `release page`: a page of the releases for people, beside the feed. */
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import { InterruptedError, UsageError } from '../../lib/errors.ts';
import { decodeInput } from '../../lib/format/decoder.ts';
import { createDirectories, type Digest, digestBytes, readFile } from '../../lib/platform/files.ts';
import type { Host, Platform } from '../../lib/platform/host.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { feedAddress } from '../../lib/version/feed-address.ts';
import { executableName, MACHINES, parseTarget, targetName } from '../../lib/version/index.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { type Command, readArguments, required, wholeNumber } from '../command.ts';
import { requireInput, requireOutput, writeOutput } from '../files.ts';
import { atomFeed } from '../page/atom.ts';
import { type InstallerContent, installerScripts, type PageUpdater } from '../page/installers.ts';
import { type Installer, type PageFile, pageHtml } from '../page/page.ts';
import { type ShownRelease, shownReleases } from '../page/releases.ts';
import { aborted, withStopSignal } from '../platform/signals.ts';
import { print, tell } from '../platform/terminal.ts';
import { turn } from '../platform/timers.ts';
import { bytes, withLine } from '../progress.ts';
import { keysEverNamed, readPublished } from '../repository/published.ts';
import { tryExecutables } from '../work/trial.ts';
import { requireChannel } from './releases/add.ts';

/** Of an updater. */
const MOST_BYTES = 512 << 20;

const HELP = `Usage: release page --repo <dir> --url <url> -o <dir> [--updaters <dir>] [options]

Writes index.html and releases.atom: the releases with their notes, sizes and digests. With --updaters also install.sh and
install.ps1, which have the digests of the updaters in them and compare before they use one, and the updaters, compressed, below
download/. The page has no script, and asks no other server for anything. The same repository gives the same bytes.

<dir> may be the folder that \`release publish --to\` writes to. For a bucket, give it to \`release publish --page\`.

  --repo <dir>             the repository
  --url <url>              where the page will be, which is where the feed is; ends with a slash
  -o, --output <dir>       where it is written
  --updaters <dir>         the --outdir of \`release compile\`, whose updaters have a root of the repository and <url> compiled in
  --name <name>            of the program, as people write it (default: the app of the repository)
  --channel <name>         only releases of this channel; may be repeated
  --most <n>               how many releases (default 50)
`;

type Write = (file: string, content: Uint8Array | string) => Promise<PageFile>;

export const page: Command = {
  name: 'page',
  summary: 'make a page of the releases, and scripts that install',
  help: HELP,
  async run(args) {
    const { values } = readArguments(args, [], {
      repo: { type: 'string' },
      url: { type: 'string' },
      output: { type: 'string', short: 'o' },
      updaters: { type: 'string' },
      name: { type: 'string' },
      channel: { type: 'string', multiple: true, default: [] as string[] },
      most: { type: 'string' },
    });
    const repo = required('--repo', values.repo);
    const address = readAddress(required('--url', values.url));
    const output = required('-o <dir>', values.output);
    if (path.resolve(output) === path.resolve(repo)) {
      throw new UsageError(`-o: wanted a folder apart from the repository, found ${output}`, {
        advice: 'Name the folder that `release publish --to` writes to.',
      });
    }
    for (const name of values.channel) requireChannel('--channel', name);
    const host = nativeHost();
    const published = readPublished(host, repo);
    const { app } = published.settings;
    const name = values.name ?? app;
    const most = wholeNumber('--most', values.most, 50, [1, 1000]);
    const releases = shownReleases(published, values.channel, most);
    const written: PageFile[] = [];
    await withStopSignal(async (stop) => {
      createDirectories(host.disk, output, path.dirname, 0o755);
      const scripts = values.updaters === undefined ? [] : ['install.sh', 'install.ps1'];
      for (const file of ['index.html', 'releases.atom', ...scripts]) requireOutput(path.join(output, file));
      const write: Write = async (file, content) => {
        const data = typeof content === 'string' ? new TextEncoder().encode(content) : content;
        const at = path.join(output, file);
        createDirectories(host.disk, path.dirname(at), path.dirname, 0o755);
        await writeOutput(at, (append) => append(data));
        const made = { path: file, size: data.length, sha256: digestBytes(data).sha256 };
        written.push(made);
        return made;
      };
      const compiledIn = { address, keys: keysEverNamed(host, repo) };
      const updaters =
        values.updaters === undefined
          ? null
          : await placeUpdaters(host, values.updaters, { output, app, compiledIn, stop }, write);
      const installers =
        updaters === null ? [] : await writeInstallers({ name, app, address, updaters }, releases, write);
      const content = { name, address, releases, installers, targets: 'targets/' };
      await write('releases.atom', atomFeed(content));
      await write('index.html', pageHtml(content));
    });
    for (const file of written) {
      print(`${path.join(output, file.path)}: ${bytes(file.size)}, SHA-256 ${file.sha256}\n`);
    }
  },
};

/** Both scripts are written. Returns what is told of them: the systems that have an updater, and a release. */
async function writeInstallers(
  content: InstallerContent,
  releases: readonly ShownRelease[],
  write: Write,
): Promise<Installer[]> {
  const scripts = installerScripts(content);
  const all: Installer[] = [
    { shell: 'sh', systems: ['Linux', 'macOS'], file: await write('install.sh', scripts.shell) },
    { shell: 'PowerShell', systems: ['Windows'], file: await write('install.ps1', scripts.powershell) },
  ];
  const files = releases.flatMap(({ revoked, files }) => (revoked === null ? files : []));
  const released = new Set(files.map(({ target }) => parseTarget(target)?.platform));
  const served = content.updaters.map(({ target }) => target.platform).filter((one) => released.has(one));
  const names = new Set(served.map((platform) => SYSTEMS[platform]));
  return all
    .map((one) => ({ ...one, systems: one.systems.filter((system) => names.has(system)) }))
    .filter(({ systems }) => systems.length > 0);
}

const SYSTEMS: Record<Platform, string> = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' };

function readAddress(url: string): string {
  decodeInput(feedAddress, url, '--url');
  return url.endsWith('/') ? url : `${url}/`;
}

/**
 * Compresses the updaters of the folder into `download/<digest>/`. What is there already is kept: it is named by what is in it.
 * UsageError if there are none, or if one does not fit its name.
 */
async function placeUpdaters(
  host: Host,
  folder: string,
  {
    output,
    app,
    compiledIn,
    stop,
  }: { output: string; app: string; compiledIn: CompiledIn; stop: AbortSignal },
  write: Write,
): Promise<PageUpdater[]> {
  const { disk } = host;
  const found = MACHINES.map((target) => ({
    target,
    file: path.join(folder, executableName(`dgmo-updater-${targetName(target)}`, target.platform)),
  })).filter(({ file }) => disk.status(file) !== null);
  if (found.length === 0) {
    throw new UsageError(
      `--updaters: wanted updaters such as dgmo-updater-linux-x64 in ${folder}, found none`,
    );
  }
  for (const { file } of found) requireInput(file);
  const candidates = found.map((one) => ({ ...one, version: packageJson.version }));
  await tryExecutables(host, candidates, output, {
    say: (line) => tell(`${line}\n`),
    mend: (_, printed) =>
      printed === null
        ? 'Compile them again with `release compile`.'
        : `This is release ${packageJson.version}: compile them again with it, or make the page with that of ${printed}.`,
  });
  const placed: PageUpdater[] = [];
  for (const [index, { target, file }] of found.entries()) {
    const which = `${path.basename(file)} (${index + 1} of ${found.length})`;
    await turn();
    stopIfInterrupted(stop, which);
    const content = readFile(disk, file, MOST_BYTES) ?? new Uint8Array();
    requireCompiledIn(file, content, compiledIn);
    const unpacked = digestBytes(content).sha256;
    const name = `download/${unpacked}/${app}-updater-${targetName(target)}.gz`;
    const made =
      withLine(`reading ${which}`, () => keptUpdater(host, path.join(output, name), unpacked)) ??
      (await write(name, await withLine(`compressing ${which}`, () => compress(content, which, stop))));
    placed.push({ target, path: name, size: made.size, packed: made.sha256, unpacked });
  }
  return placed;
}

/** By another thread: meanwhile this one hears a Ctrl-C. */
async function compress(content: Uint8Array, which: string, stop: AbortSignal): Promise<Uint8Array> {
  const compressed = promisify(gzip)(content, { level: 6 });
  await Promise.race([compressed, aborted(stop)]);
  stopIfInterrupted(stop, which);
  return new Uint8Array(await compressed);
}

function stopIfInterrupted(stop: AbortSignal, which: string): void {
  if (!stop.aborted) return;
  throw new InterruptedError(`interrupted at ${which}: the page is as it was`, {
    advice: 'The same command goes on with what there is.',
  });
}

interface CompiledIn {
  /** Of the feed; ends with a slash. */
  address: string;
  /** Ids of the keys that the roots of the repository have had. */
  keys: ReadonlySet<string>;
}

/** A script that installs an updater of another feed, or of none, would fail on every machine. */
function requireCompiledIn(file: string, content: Uint8Array, { address, keys }: CompiledIn): void {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  const wrong = !bytes.includes(address.slice(0, -1))
    ? `the feed ${address}`
    : [...keys].every((id) => !bytes.includes(id))
      ? 'a root of this repository'
      : null;
  if (wrong === null) return;
  throw new UsageError(`${file}: wanted an updater with ${wrong} compiled in, found another`, {
    advice: `Compile it with \`release compile --root <keys>/root.json --feed ${address}\`.`,
  });
}

/** Null if it is not there, or has another program in it. */
function keptUpdater({ disk }: Host, file: string, unpacked: string): Digest | null {
  const bytes = readFile(disk, file, MOST_BYTES);
  if (bytes === null) return null;
  try {
    return digestBytes(gunzipSync(bytes, { maxOutputLength: MOST_BYTES })).sha256 === unpacked
      ? digestBytes(bytes)
      : null;
  } catch {
    return null;
  }
}
