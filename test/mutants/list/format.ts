/** Mutants of lib/format/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const FORMAT: readonly MutatedFile[] = [
  {
    file: 'lib/format/decoder.ts',
    tests: ['test/home/preferences.test.ts'],
    changes: [
      ['if (error instanceof DamagedError) ', 'if (false) '],
      ["if (typeof value !== 'boolean') ", 'if (false) ', { tests: ['test/home/snapshot-choices.test.ts'] }],
      [
        'if (!Array.isArray(value) || value.length < min || value.length > max) ',
        'if (false) ',
        { tests: ['test/server/wire.test.ts'] },
      ],
      ['if (!Object.hasOwn(fields, name)) ', 'if (false) ', { tests: ['test/format/sealed-json.test.ts'] }],
    ],
  },
];
