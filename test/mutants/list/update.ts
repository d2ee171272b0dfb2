/** Mutants of lib/update/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const UPDATE: readonly MutatedFile[] = [
  {
    file: 'lib/update/check/channel.ts',
    tests: ['test/update/check.test.ts'],
    changes: [
      ['if (info === null || sha256 === undefined) ', 'if (false) '],
      ['if (found !== wanted) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/update/check/check-api.ts',
    tests: ['test/server/wire.test.ts'],
    changes: [
      ["if (!/^application\\/json(;|$)/i.test(type ?? '')) ", 'if (false) '],
      ['if (target === null) ', 'if (false) '],
      ['if (update !== null && !isNewer(update.version, asked)) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/update/check/patient-source.ts',
    tests: ['test/update/check.test.ts'],
    changes: [['if (!mayPass || failures >= attempts) ', 'if (false) ']],
  },
  {
    file: 'lib/update/download/download.ts',
    tests: ['test/update/download.test.ts'],
    changes: [['if (!Number.isSafeInteger(length) || length < 0)\n    ', 'if (false) ']],
  },
];
