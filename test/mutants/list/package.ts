/** Mutants of lib/package/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const PACKAGE: readonly MutatedFile[] = [
  {
    file: 'lib/package/evolutions.ts',
    tests: ['test/package/evolutions.test.ts'],
    changes: [['if (archive.id !== id || archive.version !== version) ', 'if (false) ']],
  },
  {
    file: 'lib/package/policy.ts',
    tests: ['test/package/policy.test.ts'],
    changes: [
      ['if (contents.app !== here.app) ', 'if (false) '],
      ['if (contents.platform !== here.platform || contents.arch !== here.arch) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/package/statement.ts',
    tests: ['test/package/statement.test.ts'],
    changes: [
      ["if (entry.kind !== 'evolution' || left.delete(entry.id)) ", 'if (false) '],
      ["if (entry.kind === 'full' && entry.to !== version) ", 'if (false) '],
    ],
  },
];
