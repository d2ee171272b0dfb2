/** Mutants of lib/health/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const HEALTH: readonly MutatedFile[] = [
  {
    file: 'lib/health/file-reader.ts',
    tests: ['test/health/verify.test.ts'],
    changes: [
      ['return size === known.size && checksum.hex === known.checksum ? known : null;', 'return known;'],
      ['known?.checksum && this.#isRecent(known)', 'known?.checksum'],
      [
        "if (unchanged === undefined || this.#how === 'full') return false;",
        'if (unchanged === undefined) return false;',
      ],
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
