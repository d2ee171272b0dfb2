/** Mutants of lib/install/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const INSTALL: readonly MutatedFile[] = [
  {
    file: 'lib/install/folders/folders.ts',
    tests: ['test/install/in-use.test.ts'],
    changes: [['if (refusal !== null) ', 'if (false) ']],
  },
  {
    file: 'lib/install/rollback/target.ts',
    tests: ['test/install/rollback-target.test.ts'],
    changes: [
      ['if (same !== undefined) ', 'if (false) '],
      ['if (snapshot === null) {', 'if (false) {'],
      ['if (binary === null || !binary.sound) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/install/transaction/replace.ts',
    tests: ['test/install/transaction/replace.test.ts'],
    changes: [['if (failure === null) ', 'if (false) ']],
  },
  {
    file: 'lib/install/transaction/transaction.ts',
    tests: ['test/install/transaction/own-file.test.ts'],
    changes: [['if (failure !== undefined && nothingChanged)\n      ', 'if (false) ']],
  },
];
