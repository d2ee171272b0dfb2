/**
 * What an installation pays that is 1 to 100 releases behind: `bun test/bench/feed/routes.ts`. A hundred and one synthetic
 * releases of 3.5 MB go into a repository by the code of `release add`; then, for each distance, an installation of that
 * release checks, downloads and updates itself to the newest, from a server that counts.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { UpdateManager } from '../../../lib/api/index.ts';
import { makeFeed } from '../../release/feed.ts';
import { NATIVE_PLATFORM } from '../../support/workshop.ts';
import { adoptAt, SETTINGS, serveFrom } from '../../update/stage.ts';
import { syntheticReleases } from './synthetic-releases.ts';

const FARTHEST = 100;
/** Those that the overview shows. */
const SHOWN = new Set([1, 2, 3, 5, 7, 10, 15, 20, 31, 32, 40, 50, 63, 75, 80, 90, 95, 99, 100]);

export interface RouteRow {
  /** Releases behind the newest. */
  behind: number;
  /** How many releases each package of the route leads forward. */
  steps: number[];
  kind: 'patch' | 'chain' | 'full';
  /** Bytes of the packages. */
  packages: number;
  /** Bytes of what was read to find them: metadata, index, pages, manifest. */
  documents: number;
  /** Seconds: the new binary written from the old one, flushed and read back. */
  staging: number;
  /** Seconds: the whole update, with snapshot, swap and trial start. */
  update: number;
}

export interface RouteBench {
  rows: RouteRow[];
  /** Bytes of a binary, and of the package with the newest one in full. */
  binary: number;
  full: number;
  /** Seconds that `release add` took for one release, on average. */
  adding: number;
}

export async function benchRoutes(): Promise<RouteBench> {
  using feed = await makeFeed();
  const contents: Uint8Array[] = [];
  const begun = performance.now();
  for (const { version, content } of syntheticReleases(FARTHEST + 1)) {
    contents.push(content);
    await feed.add(version, { [NATIVE_PLATFORM]: content }, { level: 19 });
  }
  const adding = (performance.now() - begun) / 1000 / contents.length;
  let sent = { packages: 0, documents: 0 };
  await using server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const name = decodeURIComponent(new URL(request.url).pathname).slice(1);
      const answer = await serveFrom(feed.folder, name, request).bytes();
      sent[name.endsWith('.dgmopkg') ? 'packages' : 'documents'] += answer.length;
      return serveFrom(feed.folder, name, request);
    },
  });
  const url = `http://127.0.0.1:${server.port}/`;
  const rows: RouteRow[] = [];
  let full = 0;
  for (let behind = 1; behind <= FARTHEST; behind++) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'routes-bench-'));
    try {
      const [installDir, home] = [path.join(folder, 'bin'), path.join(folder, 'home')];
      const number = FARTHEST - behind;
      const content = contents[number] ?? new Uint8Array();
      await adoptAt(installDir, home, { version: `1.${number}.0`, content, url, root: feed.root });
      sent = { packages: 0, documents: 0 };
      let staging = 0;
      const manager = new UpdateManager({
        installDir,
        home,
        settings: SETTINGS,
        onEvent: (event) => {
          if (event.event === 'staged') staging = event.milliseconds / 1000;
        },
      });
      const update = await manager.checkForUpdates();
      const [route] = update?.routes ?? [];
      if (update == null || route === undefined)
        throw new Error(`nothing is offered ${behind} releases behind`);
      full = update.routes.find(({ kind }) => kind === 'full')?.bytes ?? 0;
      const downloaded = await manager.downloadUpdate(update);
      const applying = performance.now();
      await manager.applyUpdate(downloaded);
      const seconds = (performance.now() - applying) / 1000;
      const numbers = route.packages.map((file) => (file.kind === 'patch' ? minor(file.from) : number));
      const steps = numbers.map((from, index) => (numbers[index + 1] ?? FARTHEST) - from);
      rows.push({ behind, steps, kind: route.kind, ...sent, staging, update: seconds });
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }
  return { rows, binary: contents[0]?.length ?? 0, full, adding };
}

const minor = (version: string) => Number(version.split('.')[1]);

/** As Markdown. `all`: every distance, else some of them. */
export function routesTable({ rows, binary, full, adding }: RouteBench, all = false): string {
  const number = (value: number) => Math.round(value).toLocaleString('en');
  const most = (value: (row: RouteRow) => number) => Math.max(...rows.map(value));
  const median = (value: (row: RouteRow) => number) =>
    rows.map(value).sort((a, b) => a - b)[rows.length >> 1] ?? 0;
  const line = (name: string, route: string, of: (value: (row: RouteRow) => number) => number) =>
    `| ${name} | ${route} | ${of(({ steps }) => steps.length)} | ${number(of(({ packages }) => packages))} | ` +
    `${number(of(({ documents }) => documents))} | ${((100 * of(({ packages }) => packages)) / full).toFixed(1)} % | ` +
    `${of(({ staging }) => staging).toFixed(2)} s | ${of(({ update }) => update).toFixed(2)} s |`;
  const shown = rows.filter(({ behind }) => all || SHOWN.has(behind));
  return [
    `${rows.length + 1} releases of ${number(binary)} bytes; the full binary is ${number(full)} bytes, compressed; ` +
      `\`release add\` took ${adding.toFixed(1)} s for each.`,
    '',
    '| releases behind | steps of the route | packages | their bytes | bytes to find them | of the full binary | patched in | whole update |',
    '|---|---|---|---|---|---|---|---|',
    ...shown.map((row) =>
      line(String(row.behind), row.kind === 'full' ? 'full binary' : row.steps.join(' + '), (value) =>
        value(row),
      ),
    ),
    line('median of 1 to 100', '', median),
    line('most of 1 to 100', '', most),
    '',
  ].join('\n');
}

if (import.meta.main) console.log(routesTable(await benchRoutes(), process.argv.includes('--all')));
