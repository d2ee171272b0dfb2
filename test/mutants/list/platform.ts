/** Mutants of lib/platform/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const PLATFORM: readonly MutatedFile[] = [
  {
    file: 'lib/platform/files.ts',
    tests: ['test/install/rollback-consent.test.ts'],
    changes: [
      [
        'if (handle === null) return null;\n  try {\n    const size = disk.status(disk.resolve(path))?.size ?? 0;',
        'if (false) return null;\n  try {\n    const size = disk.status(disk.resolve(path))?.size ?? 0;',
      ],
    ],
  },
  {
    file: 'lib/platform/network/proxy.ts',
    tests: ['test/platform/network/proxy.test.ts'],
    changes: [["if (url.protocol !== 'http:' || url.hostname === '') ", 'if (false) ']],
  },
  {
    file: 'lib/platform/posix/attributes.ts',
    tests: ['test/api/one-conductor.test.ts'],
    changes: [['if (errorCode(error) === undefined) ', 'if (false) ']],
  },
  {
    file: 'lib/platform/posix/processes.ts',
    tests: ['test/platform/processes.test.ts'],
    changes: [["if (errorCode(error) === 'EPERM') ", 'if (false) ']],
  },
];
