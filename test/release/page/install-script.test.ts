/** install.sh in the shells that are here, install.ps1 where there is PowerShell: with a stand-in for the updater. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { nativeHost } from '../../../lib/platform/native.ts';
import { MACHINES, targetOf } from '../../../lib/version/index.ts';
import { installerScripts } from '../../../release/page/installers.ts';
import { syntaxErrors } from '../../support/powershell.ts';
import { type Folder, freshFolder } from '../run.ts';

const SHELLS = [['sh'], ['dash'], ['bash', '--posix'], ['busybox', 'sh'], ['zsh', '--emulate', 'sh']].filter(
  ([name = '']) => Bun.which(name) !== null,
);
/** Makes the program when it is asked to repair, as the updater does. */
const UPDATER = `#!/bin/sh
case "$1" in
  --version) echo 'dgmo-updater 0.1.0' ;;
  man) echo '.TH DGMO 1' ;;
  repair) [ "$2" = --yes ] || exit 2; printf '#!/bin/sh\\necho dgmo 1.0.0\\n' >"\${0%/*}/dgmo"; chmod 755 "\${0%/*}/dgmo" ;;
esac
`;
const sha256 = (bytes: Uint8Array | string) => new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
const packed = new Uint8Array(gzipSync(UPDATER));
const target = targetOf(nativeHost());
const PATH = 'download/x/dgmo-updater.gz';

let served: Map<string, Uint8Array>;
let server: ReturnType<typeof Bun.serve>;
beforeAll(() => {
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) => {
      const found = served.get(new URL(request.url).pathname.slice(1));
      return found === undefined ? new Response('none', { status: 404 }) : new Response(found);
    },
  });
});
afterAll(() => server.stop(true));

function scripts(digests = { packed: sha256(packed), unpacked: sha256(UPDATER) }, targets = [target]) {
  served = new Map([[PATH, packed]]);
  return installerScripts({
    name: 'DGMO',
    app: 'dgmo',
    address: `http://127.0.0.1:${server.port}/`,
    updaters: targets.map((one) => ({ target: one, path: PATH, size: packed.length, ...digests })),
  });
}

async function run(
  folder: Folder,
  shell: string[],
  script: string,
  args: string[] = [],
  path = process.env.PATH,
  loginShell = '',
) {
  mkdirSync(folder.at('home'), { recursive: true });
  writeFileSync(folder.at('install.sh'), script);
  const [name = '', ...more] = shell;
  const child = Bun.spawn([Bun.which(name) ?? name, ...more, folder.at('install.sh'), ...args], {
    cwd: folder.at(),
    env: { HOME: folder.at('home'), PATH: path, SHELL: loginShell },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, stdout, stderr };
}

/** A PATH with these programs, and no others. */
function onlyPrograms(folder: Folder, names: string[]): string {
  mkdirSync(folder.at('bin'));
  for (const name of names) {
    const found = Bun.which(name);
    if (found !== null) symlinkSync(found, folder.at('bin', name));
  }
  return folder.at('bin');
}

const USUAL = 'uname mkdir mktemp rm gzip chmod mv ln cut head cat sh printf sysctl'.split(' ');

describe.skipIf(process.platform === 'win32' || SHELLS.length === 0)('install.sh', () => {
  for (const shell of SHELLS) {
    test(`installs, and leaves nothing behind: ${shell.join(' ')}`, async () => {
      using folder = freshFolder();
      const { code, stderr, stdout } = await run(folder, shell, scripts().shell);
      expect([code, stdout, code === 0 ? '' : stderr]).toEqual([0, '', '']);
      expect(stderr).toContain('done: `dgmo 1.0.0`.');
      expect(readdirSync(folder.at('home/.dgmo/bin')).toSorted()).toEqual(['dgmo', 'dgmo-updater']);
      expect(readFileSync(folder.at('home/.dgmo/bin/dgmo-updater'), 'utf8')).toBe(UPDATER);
      expect(lstatSync(folder.at('home/.local/bin/dgmo')).isSymbolicLink()).toBe(true);
      expect(readFileSync(folder.at('home/.local/share/man/man1/dgmo-updater.1'), 'utf8')).toBe(
        '.TH DGMO 1\n',
      );
      const again = await run(folder, shell, scripts({ packed: '', unpacked: '' }).shell);
      expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('is installed in')]);
    });

    test(`what it installs is removed by the line of README: ${shell.join(' ')}`, async () => {
      using folder = freshFolder();
      expect((await run(folder, shell, scripts().shell)).code).toBe(0);
      const readme = readFileSync(path.join(import.meta.dir, '../../../README.md'), 'utf8');
      const [line = ''] = /^rm -rf ~\/\.dgmo .*$/m.exec(readme) ?? [];
      expect((await run(folder, shell, line)).code).toBe(0);
      const left = readdirSync(folder.at('home'), { recursive: true, encoding: 'utf8' });
      expect(left.filter((name) => !lstatSync(folder.at('home', name)).isDirectory())).toEqual([]);
      expect(existsSync(folder.at('home/.dgmo'))).toBe(false);
    });

    test(`installs nothing that is not what was published: ${shell.join(' ')}`, async () => {
      using folder = freshFolder();
      const { shell: script } = scripts();
      served.set(PATH, new Uint8Array(gzipSync(`${UPDATER}\n`)));
      const changed = await run(folder, shell, script);
      expect([changed.code, changed.stderr]).toEqual([
        1,
        expect.stringMatching(
          /the download is not what was published: wanted SHA-256 \w{64}, found \w{64}\. Nothing was installed\.$/m,
        ),
      ]);
      const other = await run(
        folder,
        shell,
        scripts({ packed: sha256(packed), unpacked: sha256('x') }).shell,
      );
      expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('is not what was published')]);
      served = new Map();
      const missing = await run(folder, shell, script);
      expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('could not be downloaded')]);
      expect(readdirSync(folder.at('home/.dgmo/bin'))).toEqual([]);
      expect(existsSync(folder.at('home/.local'))).toBe(false);
    });

    test(`does nothing if it was cut off on its way: ${shell.join(' ')}`, async () => {
      using folder = freshFolder();
      const { shell: script } = scripts();
      const cuts = [10, 500, 1500, 3000, script.length - 2, script.indexOf('main "$@"')];
      for (const cut of cuts) await run(folder, shell, script.slice(0, cut));
      expect(readdirSync(folder.at('home'))).toEqual([]);
    });
  }

  const [first = ['sh']] = SHELLS;

  test.each([
    ['bash', '.bashrc'],
    ['zsh', '.zshrc'],
    ['fish', ''],
    ['ksh', '.profile'],
  ])('says what to type so that %s finds it by its name', async (name, file) => {
    using folder = freshFolder();
    const shell = Bun.which(name);
    const usual = '/usr/local/bin:/usr/bin:/bin';
    const { stderr } = await run(folder, first, scripts().shell, [], usual, shell ?? `/bin/${name}`);
    const [, line = ''] = /is not in PATH, .*\n {2}(.*)\n/.exec(stderr) ?? [];
    expect(line).toContain(file === '' ? 'fish_add_path' : `>> ~/${file}`);
    if (shell === null || process.platform !== 'linux') return;
    const env = { HOME: folder.at('home'), PATH: usual, LC_ALL: 'C.UTF-8', TERM: 'dumb' };
    const start = (...args: string[]) => Bun.spawnSync([shell, ...args], { env, stdin: 'ignore' });
    start('-c', line);
    expect(start('-i', '-c', 'dgmo --version').stdout.toString()).toContain('1.0.0');
  });

  for (const shell of SHELLS) {
    test(`removes what a killed run has left, and nothing of one that runs: ${shell.join(' ')}`, async () => {
      using folder = freshFolder();
      const killed = Bun.spawn(['true']);
      await killed.exited;
      for (const pid of [killed.pid, process.pid]) {
        mkdirSync(folder.at(`home/.dgmo/bin/.install.${pid}.a1b2c3`), { recursive: true });
        writeFileSync(folder.at(`home/.dgmo/bin/.install.${pid}.a1b2c3/updater.gz`), 'half');
      }
      expect((await run(folder, shell, scripts().shell)).code).toBe(0);
      expect(readdirSync(folder.at('home/.dgmo/bin')).toSorted()).toEqual([
        `.install.${process.pid}.a1b2c3`,
        'dgmo',
        'dgmo-updater',
      ]);
    });
  }

  test('goes where it is told to, and leaves what is there', async () => {
    using folder = freshFolder();
    mkdirSync(folder.at('home/.local/bin'), { recursive: true });
    writeFileSync(folder.at('home/.local/bin/dgmo'), 'mine');
    const { code, stderr } = await run(folder, first, scripts().shell, ['--dir', 'a folder/bin']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('is something else, and stays as it is')]);
    expect(readdirSync(folder.at('a folder/bin')).toSorted()).toEqual(['dgmo', 'dgmo-updater']);
    expect(readFileSync(folder.at('home/.local/bin/dgmo'), 'utf8')).toBe('mine');
    expect((await run(folder, first, scripts().shell, ['--dir'])).code).toBe(2);
    expect((await run(folder, first, scripts().shell, ['--what'])).code).toBe(2);
  });

  test('needs wget or curl, and any of three programs for the digest', async () => {
    for (const [names, code] of [
      [['wget', 'sha256sum'], 0],
      [['curl', 'openssl'], 0],
      [['sha256sum'], 1],
      [['curl'], 1],
    ] as const) {
      if (names.some((name) => Bun.which(name) === null)) continue;
      using folder = freshFolder();
      const path = onlyPrograms(folder, [...USUAL, ...names]);
      const outcome = await run(folder, first, scripts().shell, ['--no-links'], path);
      expect([names.join(' '), outcome.code, code === 0 ? outcome.stderr : '']).toEqual([
        names.join(' '),
        code,
        code === 0 ? expect.stringContaining('done: ') : '',
      ]);
      if (code !== 0) expect(existsSync(folder.at('home/.dgmo/bin/dgmo'))).toBe(false);
    }
  });

  test('says that there is none for this system', async () => {
    using folder = freshFolder();
    const others = MACHINES.filter(
      ({ arch, platform }) => arch !== target.arch || platform !== target.platform,
    );
    const { code, stderr } = await run(folder, first, scripts(undefined, others).shell);
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no updater for ')]);
    expect(existsSync(folder.at('home/.dgmo'))).toBe(false);
  });
});

test('a name or an address that would end a quote of a shell is refused', () => {
  const content = { name: 'DGMO', app: 'dgmo', address: 'https://example.org/', updaters: [] };
  expect(installerScripts(content).shell).toContain("address='https://example.org/'");
  for (const address of [
    "https://example.org/'/",
    'https://example.org/$(id)/',
    'https://example.org/`id`/',
  ]) {
    expect(() => installerScripts({ ...content, address })).toThrow(
      '--url: wanted an address of plain letters',
    );
  }
  for (const name of ["'", 'a\nb', '$(id)', '']) {
    expect(() => installerScripts({ ...content, name })).toThrow('--name: wanted letters');
  }
});

test('install.ps1 has what install.sh has, for Windows', () => {
  const all = scripts(undefined, [...MACHINES]);
  expect(all.powershell).toContain("'win32-arm64' = @{");
  expect(all.powershell).not.toContain('linux-x64');
  expect(all.shell).not.toContain('win32');
  for (const script of [all.shell, all.powershell]) {
    expect(script).not.toMatch(/@[A-Z]+@/);
    expect(script).toContain(sha256(packed));
    expect(script).toContain(sha256(UPDATER));
  }
});

test('install.ps1 removes what a killed run has left: the name of the folder tells the process', () => {
  const { powershell } = scripts();
  const pattern = new RegExp(/-notmatch '([^']+)'/.exec(powershell)?.[1] ?? 'none');
  const made = /Join-Path \$Dir \("([^"]+)" \+ \[Guid\]::NewGuid\(\)\.ToString\('N'\)\)/.exec(
    powershell,
  )?.[1];
  expect(pattern.exec(`${made?.replace('$PID', '4711')}${'0f'.repeat(16)}`)?.[1]).toBe('4711');
  for (const name of [
    '.install.4711',
    `.install.${'0f'.repeat(16)}`,
    'dgmo',
    `x.install.1.${'0f'.repeat(16)}`,
  ])
    expect(pattern.test(name)).toBe(false);
  expect(powershell.indexOf('Remove-LeftWork $Dir')).toBeLessThan(powershell.indexOf('$work = '));
});

test('install.ps1 has the syntax of PowerShell, as a grammar knows it', async () => {
  const script = scripts(undefined, [...MACHINES]).powershell;
  expect(await syntaxErrors(script)).toEqual([]);
  expect(await syntaxErrors(script.replace('} finally {', ' finally {'))).not.toEqual([]);
});

const POWERSHELL = Bun.which('pwsh') ?? Bun.which('powershell');
if (POWERSHELL === null) console.warn('skipped: PowerShell is not installed; install.ps1 was not run');

test.skipIf(POWERSHELL === null)('install.ps1 is PowerShell', async () => {
  using folder = freshFolder();
  writeFileSync(folder.at('install.ps1'), scripts(undefined, [...MACHINES]).powershell);
  const parse = `$errors = $null; $null = [Management.Automation.Language.Parser]::ParseFile('${folder.at('install.ps1')}', [ref] $null, [ref] $errors); exit $errors.Count`;
  const child = Bun.spawn([POWERSHELL ?? '', '-NoProfile', '-Command', parse]);
  expect(await child.exited).toBe(0);
});
