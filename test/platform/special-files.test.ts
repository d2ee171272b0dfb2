/** Pipes, sockets and devices where a file was expected: refused at once, since another user may have put them there. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const LIB = path.resolve(import.meta.dir, '../../lib/platform');
/** A run that waits for the other end of a pipe never ends by itself. */
const HANGS = 60_000;
let folder: string;
let pipe: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'special-files-'));
  pipe = path.join(folder, 'pipe');
  spawnSync('mkfifo', [pipe]);
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** What a process of its own prints; it is killed if it hangs. */
function said(code: string): string {
  const { stdout, stderr, signal } = spawnSync(process.execPath, ['-e', code], {
    timeout: HANGS,
    killSignal: 'SIGKILL',
  });
  return signal === null ? `${stdout}${stderr}`.trim() : `killed by ${signal}`;
}

describe.skipIf(process.platform === 'win32')('the disk', () => {
  const attempt = (call: string) =>
    said(`
      import { nativeDisk as disk } from ${JSON.stringify(`${LIB}/native-disk.ts`)};
      import { readFile } from ${JSON.stringify(`${LIB}/files.ts`)};
      const pipe = ${JSON.stringify(pipe)};
      try { ${call}; console.log('done'); } catch (error) { console.log(error.code, error.path); }
    `);

  test.each([
    "disk.open(pipe, 'read')",
    "disk.open(pipe, 'read itself')",
    "disk.open(pipe, 'update')",
    'readFile(disk, pipe, 10)',
    "disk.copy(pipe, pipe + '.copy')",
    "disk.reflink(pipe, pipe + '.copy')",
  ])('%s of a pipe is refused', (call) => {
    expect(attempt(call)).toBe(`ENXIO ${pipe}`);
    expect(fs.readdirSync(folder)).toEqual(['pipe']);
  });

  test('a device is refused', () => {
    expect(attempt("disk.open('/dev/zero', 'read')")).toBe('ENXIO /dev/zero');
  });

  test('a flush of a folder that a pipe has replaced does not wait', () => {
    expect(attempt('disk.flushDirectory(pipe)')).toBe('done');
  });
});

describe.skipIf(process.platform === 'win32')('a file of certificates', () => {
  const attempt = (settings: object) =>
    said(`
      import { nativeNetwork } from ${JSON.stringify(`${LIB}/network/native.ts`)};
      const network = nativeNetwork(${JSON.stringify(settings)});
      await network.request({ url: 'https://127.0.0.1:9/', idleTimeout: 5000 }).catch((error) => console.log(error.message));
    `);
  const NO_FILE = 'it is a pipe, a socket or a device, not a file (ENXIO)';

  test('that is a pipe or a device is refused', () => {
    expect(attempt({ environment: {}, certificateFile: pipe })).toBe(`${pipe}: ${NO_FILE}`);
    expect(attempt({ environment: { NODE_EXTRA_CA_CERTS: '/dev/zero' } })).toBe(
      `NODE_EXTRA_CA_CERTS: /dev/zero: ${NO_FILE}`,
    );
  });

  test('is not read if it is too large to be one', () => {
    const large = path.join(folder, 'large.pem');
    fs.writeFileSync(large, '');
    fs.truncateSync(large, 5 << 20);
    expect(attempt({ environment: {}, certificateFile: large })).toBe(
      `${large}: wanted a file of PEM certificates of at most 4194304 bytes, found 5242880 bytes`,
    );
  });
});
