import { describe, expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';

const MODULE = path.resolve(import.meta.dir, '../../lib/platform/standard-streams.ts');
/** More than a pipe holds. */
const LINES = 20_000;

/** Starts a program that writes `LINES` lines, then a word to standard error, and exits with code 3. */
function start(stdout: number | 'pipe') {
  const program = `
    import { standardStreams } from ${JSON.stringify(MODULE)};
    for (let line = 0; line < ${LINES}; line++) standardStreams.out(\`line \${line}\\n\`);
    await Bun.sleep(0);
    standardStreams.error('went on');
    process.exitCode = 3;`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', stdout, 'pipe'] });
  return { child, ended: once(child, 'close') };
}

async function textOf(stream: AsyncIterable<Buffer> | null): Promise<string> {
  let text = '';
  for await (const bytes of stream ?? []) text += bytes;
  return text;
}

test('a write does not wait for its reader, and all of it arrives', async () => {
  const { child, ended } = start('pipe');
  // It goes on before its output is read.
  const [said] = (await once(child.stderr as Readable, 'data')) as [Buffer];
  expect(String(said)).toBe('went on');
  const lines = (await textOf(child.stdout)).split('\n');
  expect(lines).toHaveLength(LINES + 1);
  expect(lines[LINES - 1]).toBe(`line ${LINES - 1}`);
  expect(await ended).toEqual([3, null]);
});

test('a reader that has closed the pipe does not stop it', async () => {
  const { child, ended } = start('pipe');
  child.stdout?.destroy();
  expect(await textOf(child.stderr)).toBe('went on');
  expect(await ended).toEqual([3, null]);
});

test.skipIf(process.platform !== 'linux')('a full disk does not stop it', async () => {
  const { child, ended } = start(openSync('/dev/full', 'w'));
  expect(await textOf(child.stderr)).toBe('went on');
  expect(await ended).toEqual([3, null]);
});

describe('a result that could not be written', () => {
  const UPDATER = path.resolve(import.meta.dir, '../../updater.ts');

  function updater(args: string[], stdout: number | 'pipe') {
    const child = spawn(process.execPath, [UPDATER, ...args], { stdio: ['ignore', stdout, 'pipe'] });
    return { child, ended: once(child, 'close') };
  }

  test.skipIf(process.platform !== 'linux').each([[['--version']], [['--help']], [['--version', '--json']]])(
    '%p on a full disk: 12',
    async (args) => {
      const { child, ended } = updater(args, openSync('/dev/full', 'w'));
      expect(await textOf(child.stderr)).toContain(
        'the result could not be written to standard output: no space is left on the disk (ENOSPC)',
      );
      expect(await ended).toEqual([12, null]);
    },
  );

  test.skipIf(process.platform !== 'linux')(
    'one that says that something is wrong, too: 12, not 11',
    async () => {
      const folder = mkdtempSync(path.join(os.tmpdir(), 'dgmo-written-'));
      const place = ['--install-dir', folder, '--home', path.join(folder, 'home')];
      const { child, ended } = updater(['status', ...place], openSync('/dev/full', 'w'));
      expect(await textOf(child.stderr)).toContain('it is done, but the result could not be written');
      expect(await ended).toEqual([12, null]);
      rmSync(folder, { recursive: true });
    },
  );

  test.skipIf(process.platform !== 'linux')(
    'a failure keeps its code, and nothing is said to be done',
    async () => {
      const { child, ended } = updater(['--json', 'frob'], openSync('/dev/full', 'w'));
      expect(await textOf(child.stderr)).toStartWith('dgmo-updater: the result could not be written');
      expect(await ended).toEqual([2, null]);
    },
  );

  test('because the reader has closed the pipe: as if it had been read', async () => {
    const { child, ended } = updater(['--help'], 'pipe');
    child.stdout?.destroy();
    expect(await textOf(child.stderr)).toBe('');
    expect(await ended).toEqual([0, null]);
  });
});

test('an escape code in a message is spelled out; only a line that is cleared is not', async () => {
  const program = `
    import { standardStreams } from ${JSON.stringify(MODULE)};
    standardStreams.out('\\u001b[2Jresult\\n');
    standardStreams.error('no file \\u009b2J\\u202e\\n');
    standardStreams.clearLine();`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, error] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  expect([out, error]).toEqual(['\\u001b[2Jresult\n', 'no file \\u009b2J\\u202e\n\r\u001b[K']);
});
