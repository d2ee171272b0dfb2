/** Mutants of lib/api/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const API: readonly MutatedFile[] = [
  {
    file: 'lib/api/apply.ts',
    tests: ['test/update/check/builds.test.ts'],
    changes: [
      [
        'if (!(failure instanceof FailedStartError) || !failure.illegalInstruction) return null;',
        'return null;',
      ],
      ['if (modernBuild === null || failure.version === null) return null;', 'return null;'],
      ['found === null || found.update.release.binary.sha256 === modernBuild', 'found === null'],
      ['failure.illegalInstruction && modernBuild !== null ? modernBuild : undefined', 'undefined'],
    ],
  },
  {
    file: 'lib/api/apply-options.ts',
    tests: ['test/api/one-conductor.test.ts'],
    changes: [
      ["if (direction === 'forward' || allowDowngrade === true) ", 'if (false) '],
      ['if (update.routes.some(isRoute)) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/api/differential-updater.ts',
    tests: ['test/api/differential-updater.test.ts'],
    changes: [['if (this.#options.signal?.aborted === true) ', 'if (false) ']],
  },
];
