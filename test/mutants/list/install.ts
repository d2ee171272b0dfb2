/** Mutants of lib/install/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const INSTALL: readonly MutatedFile[] = [
  {
    file: 'lib/install/file-owners.ts',
    tests: ['test/install/file-owners.test.ts'],
    changes: [
      ["requireKind(layout.workDir, folder, 'directory');", ''],
      [
        'if (writers !== null) requireWriters(writers, layout, layout.workDir, folder);',
        'if (false) requireWriters(writers, layout, layout.workDir, folder);',
      ],
      ['requireWriters(writers, layout, layout.workDir, folder);', ''],
      ["requireKind(path, file, 'file');", ''],
      [
        'if (writers !== null) requireWriters(writers, layout, path, file);',
        'if (false) requireWriters(writers, layout, path, file);',
      ],
      [
        '[receipt, journal, lock, holder, lastHolder, publisher].includes(path) ||\n    TRANSIENT_PREFIXES.some((prefix) => name.startsWith(prefix))',
        '[receipt, journal, lock, holder, lastHolder, publisher].includes(path)',
      ],
      [
        '[receipt, journal, lock, holder, lastHolder, publisher].includes(path) ||\n    TRANSIENT_PREFIXES.some((prefix) => name.startsWith(prefix))',
        'TRANSIENT_PREFIXES.some((prefix) => name.startsWith(prefix))',
      ],
      ["(mode & bit) !== 0 && !(kind === 'directory' && (mode & STICKY) !== 0)", '(mode & bit) !== 0'],
      [
        "(mode & bit) !== 0 && !(kind === 'directory' && (mode & STICKY) !== 0)",
        "!(kind === 'directory' && (mode & STICKY) !== 0)",
      ],
      ["kind === 'directory' && (mode & STICKY) !== 0", "kind === 'directory'"],
      ['writable(ALL_WRITE).length > 0', 'writable(ALL_WRITE).length >= 0'],
      ['if (kind === wanted) ', 'if (false) '],
      ['if (!users.has(owner)) ', 'if (false) '],
      ['(mode & ALL_WRITE) !== 0 && !everybody', '(mode & ALL_WRITE) !== 0'],
      ['(mode & ALL_WRITE) !== 0 && !everybody', '!everybody'],
      [
        '(mode & GROUP_WRITES) !== 0 && !everybody && !groups.has(group)',
        '(mode & GROUP_WRITES) !== 0 && !everybody',
      ],
      ['(mode & GROUP_WRITES) !== 0 && !everybody && !groups.has(group)', '!groups.has(group)'],
      ['(mode & GROUP_WRITES) !== 0 && !everybody', '!everybody'],
      ['if (others === null) ', 'if (false) '],
      ['owner !== user && owner !== ROOT_USER', 'owner !== user'],
      ['owner !== user && owner !== ROOT_USER', 'owner !== ROOT_USER'],
      [
        'if (foreign !== undefined && (user === ROOT_USER || !isOwnFolderOf(host, layout, foreign.owner)))\n    ',
        'if (false) ',
      ],
      [
        'foreign !== undefined && (user === ROOT_USER || !isOwnFolderOf(host, layout, foreign.owner))',
        'foreign !== undefined',
      ],
      [
        'foreign !== undefined && (user === ROOT_USER || !isOwnFolderOf(host, layout, foreign.owner))',
        '(user === ROOT_USER || !isOwnFolderOf(host, layout, foreign.owner))',
      ],
      ['user === ROOT_USER || !isOwnFolderOf(host, layout, foreign.owner)', 'user === ROOT_USER'],
      ['if (user !== ROOT_USER && owners[0]?.owner === user) ', 'if (false) '],
      [
        'program !== null &&\n    pathsOf(platform).dirname(program) === installDir &&\n    disk.status(installDir)?.owner === owner',
        'disk.status(installDir)?.owner === owner',
      ],
      ['program !== null &&\n    pathsOf(platform).dirname(program) === installDir', 'program !== null'],
      ['if (!whole) ', 'if (false) '],
      ['if (left === undefined) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/install/folders/folders.ts',
    tests: ['test/install/in-use.test.ts'],
    changes: [['if (refusal !== null) ', 'if (false) ']],
  },
  {
    file: 'lib/install/layout.ts',
    tests: ['test/install/layout.test.ts'],
    changes: [['if (hasRawBytes(target)) ', 'if (false) ']],
  },
  {
    file: 'lib/install/lock.ts',
    tests: ['test/install/lock.test.ts'],
    changes: [['if (lock === null) ', 'if (false) ']],
  },
  {
    file: 'lib/install/open.ts',
    tests: ['test/install/layout.test.ts'],
    changes: [['if (!isAppName(named)) {', 'if (false) {']],
  },
  {
    file: 'lib/install/ownership/owner.ts',
    tests: ['test/home/foreign.test.ts'],
    changes: [['if (owner === null) ', 'if (false) ']],
  },
  {
    file: 'lib/install/receipt.ts',
    tests: ['test/install/receipt.test.ts'],
    changes: [["if (typeof found !== 'string' || found === '')\n      ", 'if (false) ']],
  },
  {
    file: 'lib/install/rollback/target.ts',
    tests: ['test/install/rollback-target.test.ts'],
    changes: [
      ['if (receipt.previous?.version === version) ', 'if (false) '],
      ['if (same !== undefined) ', 'if (false) '],
      ['if (snapshot === null) {', 'if (false) {'],
      ['if (binary === null || !binary.sound) ', 'if (false) '],
      ['if (rollback !== null && back) ', 'if (false) '],
      ['if (!rollback.supported)\n      ', 'if (false) '],
      ['if (both[0] === both[1]) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/install/transaction/journal.ts',
    tests: ['test/install/transaction/journal.test.ts'],
    changes: [
      ['if (!isRecord(value)) throw', 'if (false) throw'],
      [
        "if ((kind !== 'update' && kind !== 'rollback') || typeof id !== 'string') throw",
        "if (typeof id !== 'string') throw",
      ],
      ['if (!ID.test(id)) throw', 'if (false) throw', { tests: ['test/install/file-owners.test.ts'] }],
      ["if (value.state !== 'touched' && value.state !== 'back') throw", 'if (false) throw'],
      ["if (typeof value.unused !== 'boolean') throw", 'if (false) throw'],
      ["if (verdict !== 'commit' && verdict !== 'revert') throw", 'if (false) throw'],
    ],
  },
  {
    file: 'lib/install/transaction/replace.ts',
    tests: ['test/install/transaction/replace.test.ts'],
    changes: [['if (failure === null) ', 'if (false) ']],
  },
  {
    file: 'lib/install/transaction/transaction.ts',
    tests: ['test/install/in-use.test.ts'],
    changes: [
      ['if (failure !== undefined) ', 'if (false) '],
      [
        'if (failure !== undefined && nothingChanged)\n      ',
        'if (false) ',
        { tests: ['test/install/transaction/own-file.test.ts'] },
      ],
    ],
  },
  {
    file: 'lib/install/update/prepare.ts',
    tests: ['test/install/policy.test.ts'],
    changes: [
      ['requireRootVersion(receipt, options.root);', ''],
      ['floor: receipt.floor,', 'floor: null,'],
      ['rollback: receipt.rollback,', 'rollback: null,'],
      [
        'await verifyPayloads(contents, () => checkpoint(session));',
        '',
        { tests: ['test/install/read-back.test.ts'] },
      ],
      [
        'previous: isRepair ? receipt.previous : receipt.binary,',
        'previous: receipt.binary,',
        { tests: ['test/install/repair.test.ts'] },
      ],
      [
        'floor: isNewer(to.version, receipt.floor) ? to.version : receipt.floor,',
        'floor: to.version,',
        { tests: ['test/update/update.test.ts'] },
      ],
      ['if (!/^[0-9a-f]{64}$/.test(wanted)) ', 'if (false) ', { tests: ['test/install/repair.test.ts'] }],
      ['if (found === wanted) return;', 'return;', { tests: ['test/update/update.test.ts'] }],
    ],
  },
  {
    file: 'lib/install/update/stage.ts',
    tests: ['test/install/in-use.test.ts'],
    changes: [
      ['if (found?.sha256 !== staging.to.sha256 || found.size !== staging.to.size) ', 'if (false) '],
      [
        'if (fromTarget) throwIfOldIsChanged(session, staging.from, source, error);',
        '',
        { tests: ['test/update/update.test.ts'] },
      ],
    ],
  },
];
