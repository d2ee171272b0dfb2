/** The commands of release/README.md, one after the other, as they stand there. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tinyExecutable } from '../../support/tiny-executable.ts';
import { type Folder, freshFolder, noise } from '../run.ts';

const README = path.join(import.meta.dir, '../../../release/README.md');

interface Section {
  title: string;
  /** Arguments of `release`. */
  commands: string[][];
}

function sections(): Section[] {
  return readFileSync(README, 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((text) => ({
      title: text.slice(0, text.indexOf('\n')),
      commands: [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
        block.trim().split('\n').map(words),
      ),
    }));
}

/** As a shell splits them: at spaces, but for what stands in double quotes. */
function words(line: string): string[] {
  const found = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  if (found[0] !== 'release') throw new Error(`no command of release: ${line}`);
  return found.slice(1);
}

let folder: Folder;

beforeAll(async () => {
  folder = freshFolder();
  for (const [number, version] of ['1.0.0', '1.1.0', '1.1.1', '1.2.0', '1.2.1', '1.2.2'].entries()) {
    for (const [name, executable] of [
      ['linux-x64', 'dgmo'],
      ['win32-x64', 'dgmo.exe'],
      ['darwin-arm64', 'dgmo'],
    ] as const) {
      const rest = noise(name.length, 30_000);
      rest.set(noise(number + 1, 50), 1000 * number);
      const bytes = tinyExecutable(name, { prints: `dgmo ${version}\n`, rest });
      mkdirSync(folder.at('build', version, name), { recursive: true });
      writeFileSync(folder.at('build', version, name, executable), bytes);
    }
    const evolution = folder.at('build', version, 'evolutions', 'faster-search');
    mkdirSync(evolution, { recursive: true });
    const described = { id: 'faster-search', description: 'Searches faster', autoApply: true };
    writeFileSync(path.join(evolution, 'evolution.json'), JSON.stringify(described));
    writeFileSync(path.join(evolution, 'index.js'), `export const since = '${version}';\n`);
    writeFileSync(folder.at('build', version, 'notes.md'), `# ${version}\n\n### Fixed\n\n- Something\n`);
  }
});
afterAll(() => folder[Symbol.dispose]());

/** What the text around the commands says has happened. */
const BEFORE: Record<string, () => void> = {
  'Every day, by a machine': () => {
    mkdirSync(folder.at('online-keys'));
    for (const name of ['snapshot-1.key', 'timestamp-1.key', 'root.json']) {
      copyFileSync(folder.at('keys', name), folder.at('online-keys', name));
    }
  },
  'A lost key': () => rmSync(folder.at('keys', 'timestamp-1.key')),
};

for (const { title, commands } of sections()) {
  test(
    title,
    async () => {
      BEFORE[title]?.();
      for (const command of commands) {
        const makesKeys = (command[0] === 'keys' && command[1] === 'init') || command[0] === 'rotate';
        // The tiny executables of other systems have headers, and no more.
        const untried = command[0] === 'add' && process.platform !== 'linux';
        const args = [
          ...command,
          ...(makesKeys ? ['--scrypt-cost', '10'] : []),
          ...(untried ? ['--no-trial'] : []),
        ];
        const { code, stderr } = await folder.release(args);
        // Signatures are wanted first: the next command brings them.
        if (code === 14 && command !== commands.at(-1) && command.includes('--sign-request')) continue;
        expect({ command: command.join(' '), code, stderr: code === 0 ? '' : stderr }).toEqual({
          command: command.join(' '),
          code: 0,
          stderr: '',
        });
      }
      expect(commands.length > 0 ? existsSync(folder.at('repo', 'metadata', 'timestamp.json')) : true).toBe(
        true,
      );
    },
    { timeout: 180_000 },
  );
}

test('what was published at its end is a sound feed with the last release', async () => {
  const { stdout } = await folder.release([
    'bundle',
    '1.2.2',
    '--repo',
    'repo',
    '--platform',
    'linux-x64',
    '-o',
    'last',
  ]);
  expect(stdout).toStartWith('last: ');
  const revoked = ['bundle', '1.2.0', '--repo', 'repo', '--platform', 'linux-x64', '-o', 'revoked'];
  expect((await folder.release(revoked)).code).toBe(17);
});
