/** Mutants of lib/snapshot/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const SNAPSHOT: readonly MutatedFile[] = [
  {
    file: 'lib/snapshot/capture/read-file.ts',
    tests: ['test/snapshot/capture/changing-files.test.ts'],
    changes: [["if (GONE.has(errorCode(error) ?? '')) ", 'if (false) ']],
  },
  {
    file: 'lib/snapshot/restore/verify-restored.ts',
    tests: ['test/snapshot/store/vectors.test.ts'],
    changes: [['if (wrong === null) ', 'if (false) ']],
  },
  {
    file: 'lib/snapshot/store/trees.ts',
    tests: ['test/snapshot/store/usage.test.ts'],
    changes: [
      ['if (frame === null) ', 'if (false) '],
      [
        'if (error instanceof DamagedError) ',
        'if (false) ',
        { tests: ['test/snapshot/store/damage.test.ts'] },
      ],
    ],
  },
  {
    file: 'lib/snapshot/store/verify.ts',
    tests: ['test/snapshot/store/clones.test.ts'],
    changes: [["if (error instanceof UpdaterError || errorCode(error) === 'EIO') ", 'if (false) ']],
  },
];
