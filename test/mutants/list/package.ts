/** Mutants of lib/package/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const PACKAGE: readonly MutatedFile[] = [
  {
    file: 'lib/package/evolution-archive.ts',
    tests: ['test/update/check.test.ts'],
    changes: [['if (found !== sha256) ', 'if (false) ']],
  },
  {
    file: 'lib/package/evolutions.ts',
    tests: ['test/package/evolutions.test.ts'],
    changes: [
      ['if (found === undefined) ', 'if (false) '],
      ['if (sha256 !== found.payload.sha256) ', 'if (false) '],
      ['if (archive.id !== id || archive.version !== version) ', 'if (false) '],
      ['if (total > MAX_UNPACKED_TOGETHER) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/package/layout.ts',
    tests: ['test/package/package.test.ts'],
    changes: [
      ['if (length > MAX_ENVELOPE) {', 'if (false) {'],
      ['if (found !== wanted) {', 'if (false) {'],
    ],
  },
  {
    file: 'lib/package/patch.ts',
    tests: ['test/install/patch-as-signed.test.ts'],
    changes: [['if (header[field] === value) ', 'if (false) ']],
  },
  {
    file: 'lib/package/policy.ts',
    tests: ['test/package/policy.test.ts'],
    changes: [
      ['if (contents.app !== here.app) ', 'if (false) '],
      ['if (contents.platform !== here.platform || contents.arch !== here.arch) ', 'if (false) '],
      [
        'contents.platform !== here.platform || contents.arch !== here.arch',
        'contents.platform !== here.platform',
      ],
      ['contents.platform !== here.platform || contents.arch !== here.arch', 'contents.arch !== here.arch'],
      ['if (isInstalled(contents, here.installed)) ', 'if (false) '],
      ['if (order === 0) ', 'if (false) '],
      ['if (here.allowDowngrade === true) {', 'if (true) {'],
      ['if (here.allowDowngrade === true) ', 'if (false) '],
      ['if (order < 0) checkWayBack(contents, here);', ''],
      ['if (order < 0) checkWayBack(contents, here);', 'if (false) checkWayBack(contents, here);'],
      ['checkWayBack(contents, here);', ''],
      ['if (order < 0) {', 'if (false) {'],
      ['if (here.floor !== null && compareVersions(contents.version, here.floor) < 0) ', 'if (false) '],
      ['here.floor !== null && compareVersions(contents.version, here.floor) < 0', 'here.floor !== null'],
      [
        'here.floor !== null && compareVersions(contents.version, here.floor) < 0',
        'compareVersions(contents.version, here.floor) < 0',
      ],
      [
        'compareVersions(contents.version, here.floor) < 0',
        'compareVersions(contents.version, here.floor) <= 0',
      ],
      ['if (rollback === undefined || rollback === null) ', 'if (false) '],
      ['rollback === undefined || rollback === null', 'rollback === null'],
      ['if (!rollback.supported)\n    ', 'if (false) '],
      ['if (!rollback.supported)', 'if (false)'],
      ['if (compareVersions(version, rollback.minVersion) < 0) ', 'if (false) '],
      [
        'compareVersions(version, rollback.minVersion) < 0',
        'compareVersions(version, rollback.minVersion) <= 0',
      ],
      ['if (dataVersion >= rollback.dataVersion) return;', 'return;'],
      ['if (dataVersion >= rollback.dataVersion) return;', 'if (dataVersion > rollback.dataVersion) return;'],
      ['if (dataVersion >= rollback.dataVersion) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/package/reader.ts',
    tests: ['test/package/evolutions.test.ts'],
    changes: [['if (sha256 !== entry.sha256) ', 'if (false) ']],
  },
  {
    file: 'lib/package/route.ts',
    tests: ['test/package/route.test.ts'],
    changes: [['if (routes.length === 0) ', 'if (false) ']],
  },
  {
    file: 'lib/package/statement.ts',
    tests: ['test/package/statement.test.ts'],
    changes: [
      ['if (!binaries.some(({ toChecksum }) => toChecksum === found.binary.sha256)) ', 'if (false) '],
      [
        'if (binaries.length > MAX_BINARY_PAYLOADS) ',
        'if (false) ',
        { tests: ['test/package/evolutions.test.ts'] },
      ],
      ['if (at === -1) ', 'if (false) '],
      ['if (at !== payloads.length - 1) ', 'if (false) '],
      ["if (entry.kind !== 'evolution' || left.delete(entry.id)) ", 'if (false) '],
      ['if (found.manifest.version !== found.version) ', 'if (false) '],
      ['if (entry === undefined) ', 'if (false) '],
      ["if (entry.kind === 'full' && entry.to !== version) ", 'if (false) '],
      ["if (entry.kind === 'patch' && entry.fromChecksum === entry.toChecksum) ", 'if (false) '],
    ],
  },
];
