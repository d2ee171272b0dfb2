/** Mutants of lib/format/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const FORMAT: readonly MutatedFile[] = [
  {
    file: 'lib/format/decoder.ts',
    tests: ['test/format/sealed-json.test.ts'],
    changes: [
      ['if (error instanceof DamagedError) ', 'if (false) ', { tests: ['test/home/preferences.test.ts'] }],
      [
        'if (found === undefined) throw unwanted(path, wanted, value);',
        'if (false) throw unwanted(path, wanted, value);',
        { tests: ['test/server/wire.test.ts'] },
      ],
      ["if (typeof value !== 'boolean') ", 'if (false) ', { tests: ['test/home/snapshot-choices.test.ts'] }],
      ["if (typeof value !== 'string' || !test(value)) ", 'if (false) '],
      [
        'if (!Array.isArray(value) || value.length < min || value.length > max) ',
        'if (false) ',
        { tests: ['test/server/wire.test.ts'] },
      ],
      ["if (typeof value !== 'object' || value === null || Array.isArray(value)) ", 'if (false) '],
      ['if (!Object.hasOwn(fields, name)) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/format/json.ts',
    tests: ['test/version/json.test.ts'],
    changes: [
      ['if (bytes.length > limit) ', 'if (false) '],
      ['if (name !== null) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/format/sealed-json.ts',
    tests: ['test/format/sealed-json.test.ts'],
    changes: [
      ['if (found === digest) ', 'if (false) '],
      ['if (error instanceof DamagedError) ', 'if (false) '],
      ['if (value === undefined) ', 'if (false) '],
    ],
  },
];
