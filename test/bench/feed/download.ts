/**
 * A download, checked and flushed, beside curl from the same server: `bun test/bench/feed/download.ts`. The server is a process
 * of its own on loopback; every download is one as well, and has asked the server for a small file before, as an update has
 * read the feed's metadata by then. The one row where it has not shows what the first request of a process costs. 46 MB is
 * the size of a full binary of 185 MB, compressed; the other one shows that memory does not grow with it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ANY_SIZE, digestFile } from '../../../lib/platform/files.ts';
import { nativeDisk } from '../../../lib/platform/native-disk.ts';
import { makeCertificates } from '../../support/servers/certificates.ts';
import type { DownloadTask, DownloadTimes } from './download-child.ts';

const FULL = 46_000_000;
const LARGE = 184_000_000;
const SMALL = 2000;
const ROUNDS = 15;
const CHILD = path.join(import.meta.dir, 'download-child.ts');

/** Arguments: the folder, a certificate and its key. Says its ports for http and https. */
const SERVER = `
  const [folder, cert, key] = process.argv.slice(1);
  const serve = (tls) => Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => new Response(Bun.file(folder + new URL(request.url).pathname)),
    ...(tls ? { tls: { cert: Bun.file(cert), key: Bun.file(key) } } : {}),
  }).port;
  console.log(serve(false) + ' ' + serve(true));
`;

interface Case {
  name: string;
  /** Bytes. */
  size: number;
  secure: boolean;
  /** Whether the process has made a request before. */
  warm: boolean;
}

const CASES: readonly Case[] = [
  { name: '46 MB', size: FULL, secure: false, warm: true },
  { name: '46 MB, first request of the process', size: FULL, secure: false, warm: false },
  { name: '46 MB, https', size: FULL, secure: true, warm: true },
  { name: '184 MB', size: LARGE, secure: false, warm: true },
  { name: '184 MB, https', size: LARGE, secure: true, warm: true },
];

export interface DownloadRow {
  name: string;
  /** Bytes. */
  size: number;
  /** Medians, in milliseconds, without the start of a process: to the last byte, and to the file checked and flushed. */
  received: number;
  done: number;
  /** To the last byte; curl neither checks nor flushes. */
  curl: number;
  /** Bytes, the greatest of all rounds. */
  peak: number;
}

interface Bench {
  folder: string;
  /** http and https. */
  origins: readonly [string, string];
  authority: string;
  rounds: number;
}

export async function benchDownload(rounds = ROUNDS): Promise<DownloadRow[]> {
  if (Bun.which('curl') === null)
    throw new Error('curl is not on the PATH: there is nothing to measure against');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'download-bench-'));
  const { authority, good } = makeCertificates(folder);
  const server = spawn(process.execPath, ['-e', SERVER, folder, good.cert, good.key], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [ports] = await once(createInterface({ input: server.stdout }), 'line');
    const [plain, secure] = String(ports).split(' ');
    const origins = [`http://127.0.0.1:${plain}`, `https://127.0.0.1:${secure}`] as const;
    for (const size of [SMALL, FULL, LARGE]) makeFile(path.join(folder, String(size)), size);
    const rows: DownloadRow[] = [];
    for (const one of CASES) rows.push(await benchCase({ folder, origins, authority, rounds }, one));
    return rows;
  } finally {
    server.kill();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Incompressible, and not one block again and again. */
function makeFile(file: string, size: number): void {
  const block = crypto.getRandomValues(Buffer.alloc(65_536));
  for (let at = 0, turn = 0; at < size; at += block.length, turn++) {
    block.writeUInt32LE(turn, (turn * 8) % 60_000);
    fs.appendFileSync(file, block.subarray(0, Math.min(block.length, size - at)));
  }
}

async function benchCase(
  { folder, origins, authority, rounds }: Bench,
  { name, size, secure, warm }: Case,
): Promise<DownloadRow> {
  const origin = origins[secure ? 1 : 0];
  const cacheFolder = path.join(folder, 'cache');
  const copy = path.join(folder, 'curl');
  const task: DownloadTask = {
    url: `${origin}/${size}`,
    length: size,
    sha256: digestFile(nativeDisk, path.join(folder, String(size)), ANY_SIZE)?.sha256 ?? '',
    cacheFolder,
    certificateFile: authority,
    before: warm ? `${origin}/${SMALL}` : null,
  };
  const curlArguments = ['-sS', '--cacert', authority, '-w', '%{time_total}', '-o', copy, task.url];
  const ours: DownloadTimes[] = [];
  const curl: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(JSON.parse(await output(process.execPath, [CHILD, JSON.stringify(task)])));
    fs.rmSync(cacheFolder, { recursive: true });
    curl.push(1000 * Number(await output('curl', curlArguments)));
    fs.rmSync(copy);
  }
  return {
    name,
    size,
    received: median(ours.map((times) => times.received)),
    done: median(ours.map((times) => times.done)),
    curl: median(curl),
    peak: Math.max(...ours.map((times) => times.peak)),
  };
}

async function output(program: string, args: string[]): Promise<string> {
  const child = Bun.spawn([program, ...args], { stdout: 'pipe', stderr: 'inherit' });
  const stdout = await new Response(child.stdout).text();
  const code = await child.exited;
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${stdout}`);
  return stdout;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

const rate = (size: number, milliseconds: number) => `${Math.round(size / milliseconds / 1000)} MB/s`;

/** As Markdown. */
export function downloadTable(rows: DownloadRow[]): string {
  return [
    '| file | received | curl | ratio | checked and flushed | ratio | peak memory |',
    '|---|---|---|---|---|---|---|',
    ...rows.map(({ name, size, received, done, curl, peak }) =>
      [
        '',
        name,
        rate(size, received),
        rate(size, curl),
        (curl / received).toFixed(2),
        rate(size, done),
        (curl / done).toFixed(2),
        `${Math.round(peak / 1e6)} MB`,
        '',
      ]
        .join(' | ')
        .trim(),
    ),
    '',
  ].join('\n');
}

if (import.meta.main) console.log(downloadTable(await benchDownload()));
