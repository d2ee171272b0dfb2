/** Mutants of lib/health/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const HEALTH: readonly MutatedFile[] = [
  {
    file: 'lib/health/repair/aside.ts',
    tests: ['test/health/wrong-size.test.ts', 'test/health/executable-strangers.test.ts'],
    changes: [['const beside = moveAside(session, target);', 'const beside = null;']],
  },
  {
    file: 'lib/health/repair/executable.ts',
    tests: ['test/health/from-packages.test.ts', 'test/health/repair.test.ts'],
    changes: [
      ['if (found.sha256 !== written.sha256) {', 'if (false) {'],
      ['(await session.digests.readBack(path, wanted))?.sha256 === wanted.sha256', 'true'],
      ['if (found?.sha256 !== wanted.sha256) return false;', 'if (found === null) return false;'],
      ['if (!(error instanceof DamagedError)) throw error;', ''],
      ['(executableMode(mode) | 0o200) & ~0o002', 'mode'],
      ['if (model !== null) takeOver(session, staged, model);', ''],
    ],
  },
  {
    file: 'lib/health/check/own-files.ts',
    tests: ['test/health/strangers.test.ts'],
    changes: [
      ['if (status === null || status.kind === kind) return [];', 'return [];'],
      ["if (status.kind === 'symlink' && links === 'followed'", "if (status.kind === 'symlink'"],
    ],
  },
  {
    file: 'lib/health/repair/permissions.ts',
    tests: ['test/health/closed-files.test.ts'],
    changes: [['mode | 0o600', 'mode']],
  },
  {
    file: 'lib/health/repair/records.ts',
    tests: ['test/health/closed-files.test.ts'],
    changes: [['for (const { where } of closed) repairPermissions(session, where);', '']],
  },
  {
    file: 'lib/health/repair/records.ts',
    tests: ['test/health/strangers.test.ts'],
    changes: [['if (strangersIn(session, [own]).length === 0) continue;', 'continue;']],
  },
  {
    file: 'lib/health/check/records.ts',
    tests: ['test/health/updater.test.ts'],
    changes: [['...checkUpdaterRecords(session, isStranger),', '']],
  },
  {
    file: 'lib/health/repair/place-file.ts',
    tests: ['test/health/swapped-folders.test.ts'],
    changes: [
      ['replaceDurably(disk, at, self, bytes, mode)', 'replaceDurably(disk, path, self, bytes, mode)'],
    ],
  },
  {
    file: 'lib/health/file-reader.ts',
    tests: ['test/health/verify.test.ts'],
    changes: [
      ['return size === known.size && checksum.hex === known.checksum ? known : null;', 'return known;'],
      ['known?.checksum && this.#isRecent(known)', 'known?.checksum'],
      ['digests.checksum(identity), at: host', 'null, at: host'],
      [
        "if (unchanged === undefined || this.#how === 'full') return false;",
        'if (unchanged === undefined) return false;',
      ],
    ],
  },
  {
    file: 'lib/health/check/executables.ts',
    tests: ['test/health/updater.test.ts'],
    changes: [
      ['if (found !== size)', 'if (false)'],
      ['if (read === null || read.sha256 === sha256) return [];', 'return [];'],
    ],
  },
  {
    file: 'lib/install/updater/updater-record.ts',
    tests: ['test/health/updater.test.ts'],
    changes: [
      ['session.settings.version === recorded.binary.version', 'false'],
      [
        'if (recorded !== null && !again && !isReplacedByHand(session, recorded)) return;',
        'if (recorded !== null) return;',
      ],
      ['recorded.binary.sha256 === brought.sha256) return null;', 'true) return null;'],
    ],
  },
  {
    file: 'lib/health/check/config-schema.ts',
    tests: ['test/health/config-schema.test.ts'],
    changes: [
      ["if (digestBytes(bytes).sha256 !== wanted.sha256) return 'missing';", ''],
      ['return name === `${app}.json` || name === `${app}.jsonc`;', 'return true;'],
    ],
  },
  {
    file: 'lib/health/repair/valid-config.ts',
    tests: ['test/health/config-schema.test.ts'],
    changes: [
      [
        'const older = tried.has(key) ? undefined : at(good, first.path);',
        'const older = at(good, first.path);',
      ],
      ['if (older === undefined && first.isMissing) path = path.slice(0, -1);', ''],
    ],
  },
  {
    file: 'lib/health/repair/older-blocks.ts',
    tests: ['test/health/older-blocks.test.ts'],
    changes: [
      ['!list.matches(block, bytes)', 'false'],
      ['if (same === ANCHOR) return to + 1 - ANCHOR - at;', ''],
      ['if (found >= 0) return [to, found - to];', ''],
    ],
  },
];
