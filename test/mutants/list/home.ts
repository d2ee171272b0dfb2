/** Mutants of lib/home/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const HOME: readonly MutatedFile[] = [
  {
    file: 'lib/home/checks.ts',
    tests: ['test/home/checks.test.ts'],
    changes: [
      ['if (last !== null) return last;', ''],
      [
        'if (!(error instanceof DamagedError)) throw error;\n  }\n  return checksFile',
        'throw error;\n  }\n  return checksFile',
      ],
      ['known !== undefined && Bun.deepEquals(withReleases(known, releases, last.at), known)', 'false'],
      ['known !== undefined && Bun.deepEquals(withReleases(known, releases, last.at), known)', 'true'],
      ['mayBeLost: true', 'mayBeLost: false'],
    ],
  },
  {
    file: 'lib/home/admission/revoked.ts',
    tests: ['test/update/check/revoked.test.ts'],
    changes: [
      [
        'if (error instanceof DamagedError) throw damaged(',
        'if (error instanceof DamagedError) return NONE; throw damaged(',
      ],
      ['if (leadsNowhere(host, path)) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/home/decided.ts',
    tests: ['test/home/decided.test.ts'],
    changes: [
      ['if (decided === undefined) ', 'if (false) '],
      ['if (preferences.updates) ', 'if (false) ', { tests: ['test/update/check/administrator.test.ts'] }],
    ],
  },
  {
    file: 'lib/home/admission/administrator.ts',
    tests: ['test/update/check/administrator.test.ts'],
    changes: [
      ["if (isPinned) requireOwnDecision(host, ['pin']);", ''],
      ['if (isSecurity && preferences.securityAtOnce) return;', ''],
      ['if (now < (seen ?? now) + minimumAgeOf({ minimumAge })) ', 'if (false) '],
      ['!keys.has(key) || given[key] === values[key]', 'true'],
      ['given[key] === values[key]', 'false'],
    ],
  },
  {
    file: 'lib/home/folder.ts',
    tests: ['test/home/foreign.test.ts'],
    changes: [["if ('missing' in home) ", 'if (false) ']],
  },
  {
    file: 'lib/home/foreign.ts',
    tests: ['test/home/foreign.test.ts', 'test/home/trusted-root.test.ts'],
    changes: [
      ['?? foreignAbove(host, at)', ''],
      ['!trusted.includes(found.owner ?? user) || ', ''],
      ["found.kind === 'directory' && isWritableByAll(found, STICKY)", 'false'],
      [', STICKY)', ', 0)'],
      [', ...above(disk.resolve(there))', ''],
      [', statusOf(disk, top)?.owner', ''],
      [
        'if (found.owner !== user && found.owner !== ROOT_USER) return true;',
        '',
        { tests: ['test/home/trusted-root.test.ts'] },
      ],
      ['if (found.owner !== user && found.owner !== ROOT_USER) ', 'if (false) '],
      ['found.owner !== user && found.owner !== ROOT_USER', 'found.owner !== user'],
      ['found.owner !== user && found.owner !== ROOT_USER', 'found.owner !== ROOT_USER'],
      [
        'return target !== null && isForeign(target);',
        'return false;',
        { tests: ['test/home/trusted-root.test.ts'] },
      ],
      ['return (mode & (WRITABLE_BY_ALL | unless)) === WRITABLE_BY_ALL;', 'return false;'],
      ['return (mode & (WRITABLE_BY_ALL | unless)) === WRITABLE_BY_ALL;', 'return true;'],
      [
        '(mode & (WRITABLE_BY_ALL | unless)) === WRITABLE_BY_ALL',
        '(mode & WRITABLE_BY_ALL) === WRITABLE_BY_ALL',
        { tests: ['test/home/trusted-root.test.ts'] },
      ],
      ['statusOf(host.disk, at) === null && dirname(at) !== at', 'dirname(at) !== at'],
      ['if (foreign === null) ', 'if (false) '],
      ['if (path === null) return null;', 'return null;'],
      ['nothingAdded ? 0 : STICKY', 'STICKY'],
    ],
  },
  {
    file: 'lib/home/policy.ts',
    tests: ['test/home/decided.test.ts'],
    changes: [
      ['if (bytes === null) ', 'if (false) '],
      ["if (name === 'schema' && value === 1) ", 'if (false) '],
      ['requireSettings([name], path);', ''],
    ],
  },
  {
    file: 'lib/home/trusted-root.ts',
    tests: ['test/home/trusted-root.test.ts'],
    changes: [
      ['if (foreign !== null && compiledIn === null) throw foreignHome(foreign);', ''],
      [
        'return foreign === null ? followChain(first, keptRoots(host, home)) : first;',
        'return followChain(first, keptRoots(host, home));',
      ],
      [
        'return foreignPartOf(host, home) === null ? trustFolder(host, home) : null;',
        'return trustFolder(host, home);',
      ],
      ['if (follows(root, found.root)) ', 'if (false) '],
      ['if (follows(root, found.root)) return found;', 'return found;'],
      ['if (foreign !== null) throw foreignHome(foreign);', ''],
      ['if (link !== null && isSame(link.root, given.root)) return given;', 'return given;'],
      ['isSame(link.root, given.root)', 'true'],
    ],
  },
];
