/** Mutants of lib/snapshot/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const SNAPSHOT: readonly MutatedFile[] = [
  {
    file: 'lib/snapshot/capture/read-file.ts',
    tests: ['test/snapshot/capture/changing-files.test.ts'],
    changes: [["if (GONE.has(errorCode(error) ?? '')) ", 'if (false) ']],
  },
  {
    file: 'lib/snapshot/document.ts',
    tests: ['test/snapshot/store/usage.test.ts'],
    changes: [
      ['if (said.every((one) => (one === null) === (schema === 1))) ', 'if (false) '],
      [
        'if (error instanceof DamagedError) ',
        'if (false) ',
        { tests: ['test/snapshot/snapshot-id.test.ts'] },
      ],
    ],
  },
  {
    file: 'lib/snapshot/restore/plan.ts',
    tests: ['test/snapshot/hostile-names.test.ts'],
    changes: [
      ['if (wrong === undefined) ', 'if (false) '],
      ['if (now === root.resolved) ', 'if (false) ', { tests: ['test/snapshot/store/vectors.test.ts'] }],
    ],
  },
  {
    file: 'lib/snapshot/restore/verify-restored.ts',
    tests: ['test/snapshot/store/vectors.test.ts'],
    changes: [['if (wrong === null) ', 'if (false) ']],
  },
  {
    file: 'lib/snapshot/store/clones.ts',
    tests: ['test/snapshot/store/clones.test.ts'],
    changes: [['if (wanted !== null && wanted !== found.sha256)\n    ', 'if (false) ']],
  },
  {
    file: 'lib/snapshot/store/pack.ts',
    tests: ['test/snapshot/store/bomb.test.ts'],
    changes: [['if (found !== wanted)', 'if (false)']],
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
    tests: ['test/snapshot/store/vectors.test.ts'],
    changes: [
      ['if (found?.sha256 === checksum) ', 'if (false) '],
      [
        "if (error instanceof UpdaterError || errorCode(error) === 'EIO') ",
        'if (false) ',
        { tests: ['test/snapshot/store/clones.test.ts'] },
      ],
    ],
  },
];
