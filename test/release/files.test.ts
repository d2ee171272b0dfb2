import { describe, expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { InterruptedError, UsageError } from '../../lib/errors.ts';
import { requireOutput, writeOutput } from '../../release/files.ts';
import { CHEAP, freshFolder, noise } from './run.ts';

const CLI = path.join(import.meta.dir, '../../release/cli.ts');

const bytes = (text: string) => new TextEncoder().encode(text);

describe('an output', () => {
  test('is written whole, over what stood there', async () => {
    using folder = freshFolder();
    writeFileSync(folder.at('out'), 'something longer');
    const checked: string[] = [];
    const fill = (write: (bytes: Uint8Array) => void) => {
      write(bytes('one '));
      write(bytes('two'));
      expect(readFileSync(folder.at('out'), 'utf8')).toBe('something longer');
    };
    await writeOutput(folder.at('out'), fill, {
      check: async (written) => {
        checked.push(readFileSync(written, 'utf8'));
      },
    });
    expect(checked).toEqual(['one two']);
    expect(readFileSync(folder.at('out'), 'utf8')).toBe('one two');
    expect(readdirSync(folder.at())).toEqual(['out']);
  });

  const failures: [when: string, stop: () => void][] = [
    [
      'its content fails',
      () => {
        throw new RangeError('no content');
      },
    ],
    ['Ctrl-C comes', () => process.emit('SIGINT')],
    ['it is told to end', () => process.emit('SIGTERM')],
  ];
  for (const [when, stop] of failures) {
    test(`stays what it was when ${when}`, async () => {
      using folder = freshFolder();
      writeFileSync(folder.at('out'), 'as before');
      const written = writeOutput(folder.at('out'), (write) => {
        write(bytes('half'));
        stop();
        write(bytes('and half'));
      });
      await expect(written).rejects.toThrow(when === 'its content fails' ? RangeError : InterruptedError);
      expect(readFileSync(folder.at('out'), 'utf8')).toBe('as before');
      expect(readdirSync(folder.at())).toEqual(['out']);
      expect([process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]).toEqual([0, 0]);
    });
  }

  test.skipIf(process.platform === 'win32').each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'stays what it was when %s comes while all of it is made',
    async (signal) => {
      using folder = freshFolder();
      const written = writeOutput(folder.at('out'), (write) => {
        process.kill(process.pid, signal);
        write(bytes('whole'));
      });
      await expect(written).rejects.toThrow(InterruptedError);
      expect(readdirSync(folder.at())).toEqual([]);
    },
  );

  test('takes away what a killed process left of it, and nothing that another one still writes', async () => {
    using folder = freshFolder();
    const { pid: dead } = Bun.spawnSync([process.execPath, '--version']);
    const leftover = (name: string, pid: number) => folder.at(`${name}.update-${pid}-0123456789abcdef`);
    const kept = [leftover('out', process.ppid), leftover('other', dead)];
    for (const file of [leftover('out', process.pid), ...kept]) writeFileSync(file, 'half');
    mkdirSync(leftover('out', dead));
    writeFileSync(path.join(leftover('out', dead), 'patch'), 'half');
    await writeOutput(folder.at('out'), (write) => write(bytes('whole')));
    expect(readdirSync(folder.at()).toSorted()).toEqual(
      ['out', ...kept.map((file) => path.basename(file))].toSorted(),
    );
  });

  test('stays what it was when the check of it fails', async () => {
    using folder = freshFolder();
    const written = writeOutput(folder.at('out'), (write) => write(bytes('bad')), {
      check: () => Promise.reject(new RangeError('bad')),
    });
    await expect(written).rejects.toThrow(RangeError);
    expect(readdirSync(folder.at())).toEqual([]);
  });
});

describe('an output that is a symlink', () => {
  test('is written where it leads', async () => {
    using folder = freshFolder();
    mkdirSync(folder.at('elsewhere'));
    writeFileSync(folder.at('elsewhere', 'file'), 'as before');
    symlinkSync(path.join('elsewhere', 'file'), folder.at('out'));
    await writeOutput(folder.at('out'), (write) => write(bytes('new')));
    expect(lstatSync(folder.at('out')).isSymbolicLink()).toBe(true);
    expect(readFileSync(folder.at('elsewhere', 'file'), 'utf8')).toBe('new');
    expect(readdirSync(folder.at('elsewhere'))).toEqual(['file']);
  });

  test('is refused if it leads nowhere', () => {
    using folder = freshFolder();
    symlinkSync('nothing', folder.at('out'));
    expect(() => requireOutput(folder.at('out'))).toThrow(
      new UsageError(`${folder.at('out')}: wanted a file to write, found a symlink that leads nowhere`),
    );
  });
});

test.skipIf(process.platform !== 'linux')("what can't be written is called as it was named", async () => {
  using folder = freshFolder();
  // More than a job that is done without another process.
  writeFileSync(folder.at('old'), noise(1, 3 << 20));
  writeFileSync(folder.at('new'), Buffer.concat([noise(1, 3 << 20), noise(2, 1 << 17)]));
  expect(await folder.release(['diff', 'old', 'new', '-o', 'p'])).toMatchObject({ code: 0 });
  const before = readdirSync(folder.at()).toSorted();
  for (const [input, command] of [
    ['p', 'patch'],
    ['new', 'diff'],
  ] as const) {
    const args = [process.execPath, CLI, command, 'old', input, '-o', './out'];
    const child = Bun.spawnSync(['sh', '-c', 'ulimit -f 64; exec "$@"', 'sh', ...args], { cwd: folder.at() });
    expect([child.exitCode, child.stderr.toString()]).toEqual([
      12,
      'release: ./out: the file is larger than the filesystem or a limit (ulimit -f) allows (EFBIG)\n' +
        'Raise the limit, then try again.\n',
    ]);
    expect(readdirSync(folder.at()).toSorted()).toEqual(before);
  }
});

test.skipIf(process.platform !== 'linux')('too little memory for an input is told as such', () => {
  using folder = freshFolder();
  writeFileSync(folder.at('large'), '');
  truncateSync(folder.at('large'), 900 << 20);
  const args = [process.execPath, CLI, 'diff', 'large', 'large', '-o', 'p'];
  const child = Bun.spawnSync(['sh', '-c', 'ulimit -v 700000; exec "$@"', 'sh', ...args], {
    cwd: folder.at(),
  });
  expect([child.exitCode, child.stderr.toString()]).toEqual([
    12,
    'release: there is not enough memory\nClose some programs, or raise the limit, then try again.\n',
  ]);
});

describe('an input is never replaced by an output', () => {
  const KEYS = ['keys', 'init', '--dir', 'keys', ...CHEAP];
  const bundle = ['bundle', '1.0.0', '--platform', 'linux-x64', '--keys', 'keys', '--new', 'new'];
  /** A command with an output, without the name of that; and each of its inputs. */
  const commands: [args: string[], inputs: string[]][] = [
    [
      ['diff', 'old', 'new', '-o'],
      ['old', 'new'],
    ],
    [
      ['patch', 'old', 'p', '-o'],
      ['old', 'p'],
    ],
    [
      [...bundle, '--old', 'old', '--from', '0.9.0', '--notes', 'notes.md', '--evolution', 'plugin', '-o'],
      ['new', 'old', 'notes.md', 'plugin/evolution.json', 'keys/targets-1.key', 'keys/root.json'],
    ],
    [
      ['bundle', '1.0.0', '--platform', 'linux-x64', '--repo', 'repo', '-o'],
      ['repo/targets/releases/1.0.0/linux-x64'],
    ],
    [
      [
        'add',
        '1.1.0',
        '--repo',
        'repo',
        '--keys',
        'online',
        '--binary',
        'linux-x64=new',
        '--no-trial',
        '--sign-request',
      ],
      ['new', 'online/snapshot-1.key'],
    ],
    [
      ['keys', 'sign', 'request.json', '--keys', 'keys', '-o'],
      ['request.json', 'keys/targets-1.key'],
    ],
  ];

  async function prepared() {
    const folder = freshFolder();
    mkdirSync(folder.at('plugin'));
    mkdirSync(folder.at('online'));
    writeFileSync(folder.at('old'), noise(1, 5000));
    writeFileSync(folder.at('new'), noise(1, 6000));
    writeFileSync(folder.at('notes.md'), '# Notes');
    writeFileSync(folder.at('plugin/evolution.json'), '{"id":"a","description":"b","autoApply":true}');
    for (const args of [
      KEYS,
      ['diff', 'old', 'new', '-o', 'p'],
      ['init', '--repo', 'repo', '--keys', 'keys'],
      ['add', '1.0.0', '--repo', 'repo', '--keys', 'keys', '--binary', 'linux-x64=old', '--no-trial'],
    ]) {
      expect(await folder.release(args)).toMatchObject({ code: 0 });
    }
    for (const name of ['snapshot-1.key', 'timestamp-1.key']) {
      copyFileSync(folder.at('keys', name), folder.at('online', name));
    }
    const asked = ['--binary', 'linux-x64=new', '--no-trial', '--sign-request', 'request.json'];
    expect(
      await folder.release(['add', '1.1.0', '--repo', 'repo', '--keys', 'online', ...asked]),
    ).toMatchObject({
      code: 14,
    });
    return folder;
  }

  test('under its own name, through a symlink or a hard link', async () => {
    using folder = await prepared();
    for (const [args, inputs] of commands) {
      for (const input of inputs) {
        const file = statSync(folder.at(input)).isDirectory()
          ? path.join(input, readdirSync(folder.at(input)).find((name) => name.endsWith('.dgmopkg')) ?? '')
          : input;
        const before = readFileSync(folder.at(file));
        const others = input === inputs[0] ? [`./${file}`, 'hard', 'soft'] : [];
        linkSync(folder.at(file), folder.at('hard'));
        symlinkSync(folder.at(file), folder.at('soft'));
        for (const output of [file, ...others]) {
          const { code, stderr } = await folder.release([...args, output]);
          expect([code, stderr]).toEqual([
            2,
            `release: ${output}: wanted an output that is not one of the inputs, found the input ${file}\n` +
              'Choose another name for the output.\n',
          ]);
        }
        expect(readFileSync(folder.at(file)).equals(before)).toBe(true);
        expect(lstatSync(folder.at('soft')).isSymbolicLink()).toBe(true);
        unlinkSync(folder.at('hard'));
        unlinkSync(folder.at('soft'));
      }
    }
  });

  test.skipIf(process.platform === 'win32')('nor is a pipe', async () => {
    using folder = await prepared();
    execFileSync('mkfifo', [folder.at('pipe')]);
    symlinkSync('pipe', folder.at('soft'));
    for (const [args] of commands) {
      for (const output of ['pipe', 'soft']) {
        const { code, stderr } = await folder.release([...args, output]);
        expect([code, stderr]).toEqual([
          2,
          `release: ${output}: wanted a file to write, found a pipe, a socket or a device\nChoose another name for the output.\n`,
        ]);
      }
    }
    for (const [name, args] of [
      ['index.html', ['page', '--repo', 'repo', '--url', 'https://updates.example.org/', '-o', 'made']],
      ['dgmo-updater-sbom.cdx.json', ['compile', '--target', 'bun-linux-x64', '--outdir', 'made']],
    ] as const) {
      mkdirSync(folder.at('made'));
      execFileSync('mkfifo', [folder.at('made', name)]);
      const { code, stderr } = await folder.release([...args]);
      expect([code, stderr]).toEqual([
        2,
        `release: ${path.join('made', name)}: wanted a file to write, found a pipe, a socket or a device\nChoose another name for the output.\n`,
      ]);
      expect(readdirSync(folder.at('made'))).toEqual([name]);
      rmSync(folder.at('made'), { recursive: true });
    }
    expect(lstatSync(folder.at('pipe')).isFIFO()).toBe(true);
    expect(lstatSync(folder.at('soft')).isSymbolicLink()).toBe(true);
  });

  test('and another file is replaced', async () => {
    using folder = await prepared();
    writeFileSync(folder.at('out'), 'something else');
    expect(await folder.release(['patch', 'old', 'p', '-o', 'out'])).toMatchObject({ code: 0 });
    expect(readFileSync(folder.at('out')).equals(noise(1, 6000))).toBe(true);
  });

  test('nor is another file of the repository, whatever leads to it', async () => {
    using folder = await prepared();
    symlinkSync(folder.at('repo', 'targets'), folder.at('elsewhere'));
    symlinkSync(folder.at('repo', 'metadata', 'timestamp.json'), folder.at('outside.json'));
    const bundleOf = ['bundle', '1.0.0', '--platform', 'linux-x64', '--repo', 'repo', '-o'];
    const refresh = ['refresh', '--repo', 'repo', '--keys', 'online', '--sign-request'];
    const refused: [args: string[], output: string][] = [
      [bundleOf, 'repo/metadata/timestamp.json'],
      [bundleOf, 'elsewhere/new-one.dgmopkg'],
      [refresh, 'repo/metadata/timestamp.json'],
      [bundleOf, 'outside.json'],
    ];
    const before = readFileSync(folder.at('repo/metadata/timestamp.json'));
    for (const [args, output] of refused) {
      const { code, stderr } = await folder.release([...args, output]);
      expect([code, stderr]).toEqual([
        2,
        `release: ${output}: wanted a file outside of the repository, found one in repo\nName a file in another folder.\n`,
      ]);
    }
    expect(readFileSync(folder.at('repo/metadata/timestamp.json')).equals(before)).toBe(true);
    expect(readdirSync(folder.at('elsewhere'))).not.toContain('new-one.dgmopkg');
    expect(await folder.release([...bundleOf, '..repo'])).toMatchObject({ code: 0 });
  });
});
