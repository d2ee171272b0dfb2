/**
 * A download, checked and flushed, beside curl from the same server: `bun test/bench/download.ts`. The server is a process
 * of its own on loopback; every download is one as well. The first size is that of a full binary of 185 MB, compressed;
 * the second shows that memory does not grow with it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { digestFile } from '../../lib/platform/files.ts';
import { nativeDisk } from '../../lib/platform/native-disk.ts';

const SIZES = [46_000_000, 184_000_000];
const ROUNDS = 7;
const CHILD = path.join(import.meta.dir, '../support/servers/download-child.ts');

const SERVER = `
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => new Response(Bun.file(process.argv[1] + new URL(request.url).pathname)) });
  console.log(server.port);
`;

export interface DownloadRow {
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

export async function benchDownload(rounds = ROUNDS): Promise<DownloadRow[]> {
  if (Bun.which('curl') === null)
    throw new Error('curl is not on the PATH: there is nothing to measure against');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'download-bench-'));
  const server = spawn(process.execPath, ['-e', SERVER, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = await once(createInterface({ input: server.stdout }), 'line');
    const rows: DownloadRow[] = [];
    for (const size of SIZES) rows.push(await benchSize(folder, `http://127.0.0.1:${port}`, size, rounds));
    return rows;
  } finally {
    server.kill();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function benchSize(folder: string, origin: string, size: number, rounds: number): Promise<DownloadRow> {
  const file = path.join(folder, String(size));
  fs.writeFileSync(file, crypto.getRandomValues(Buffer.alloc(65_536)));
  const block = fs.readFileSync(file);
  // Incompressible, and not one block again and again.
  for (let at = block.length, turn = 1; at < size; at += block.length, turn++) {
    block.writeUInt32LE(turn, (turn * 8) % 60_000);
    fs.appendFileSync(file, block.subarray(0, Math.min(block.length, size - at)));
  }
  const sha256 = digestFile(nativeDisk, file)?.sha256;
  const url = `${origin}/${size}`;
  const received: number[] = [];
  const done: number[] = [];
  const curl: number[] = [];
  let peak = 0;
  for (let round = 0; round < rounds; round++) {
    const cacheFolder = path.join(folder, `cache-${round}`);
    const request = JSON.stringify({ urls: [url], length: size, sha256, cacheFolder });
    const stdout = await output(process.execPath, [CHILD, request]);
    const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
    if (result.state !== 'file') throw new Error(`the download failed: ${stdout}`);
    peak = Math.max(peak, result.peak * 1024);
    received.push(result.received);
    done.push(result.done);
    fs.rmSync(cacheFolder, { recursive: true });
    const copy = path.join(folder, 'curl');
    curl.push(1000 * Number(await output('curl', ['-sS', '-w', '%{time_total}', '-o', copy, url])));
    fs.rmSync(copy);
  }
  return { size, received: median(received), done: median(done), curl: median(curl), peak };
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
    ...rows.map(({ size, received, done, curl, peak }) =>
      [
        '',
        `${size / 1e6} MB`,
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
