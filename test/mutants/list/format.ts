/** Mutants of lib/format/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const FORMAT: readonly MutatedFile[] = [
  {
    file: 'lib/format/decoder.ts',
    tests: ['test/format/decoder.test.ts'],
    changes: [
      ["if (found === undefined) return 'nothing';", "if (false) return 'nothing';"],
      ['if (Array.isArray(found)) ', 'if (false) '],
      ["if (typeof found === 'object' && found !== null) ", 'if (false) '],
      ["typeof found === 'object' && found !== null", "typeof found === 'object'"],
      ["typeof found === 'object' && found !== null", 'found !== null'],
      ["if (typeof found === 'function' || typeof found === 'symbol') ", 'if (false) '],
      ["typeof found === 'function' || typeof found === 'symbol'", "typeof found === 'function'"],
      ["typeof found === 'function' || typeof found === 'symbol'", "typeof found === 'symbol'"],
      ['if (error instanceof DamagedError) ', 'if (false) ', { tests: ['test/home/preferences.test.ts'] }],
      [
        'if (found === undefined) throw unwanted(path, wanted, value);',
        'if (false) throw unwanted(path, wanted, value);',
      ],
      ["if (typeof value !== 'boolean') ", 'if (false) '],
      [
        "if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) ",
        'if (false) ',
      ],
      [
        "typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max",
        "typeof value !== 'number' || !Number.isSafeInteger(value) || value < min",
      ],
      [
        "typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max",
        'value > max',
      ],
      [
        "typeof value !== 'number' || !Number.isSafeInteger(value) || value < min",
        "typeof value !== 'number' || !Number.isSafeInteger(value)",
      ],
      ["typeof value !== 'number' || !Number.isSafeInteger(value) || value < min", 'value < min'],
      ["typeof value !== 'number' || !Number.isSafeInteger(value)", "typeof value !== 'number'"],
      ['value < min', 'value <= min'],
      ['value > max', 'value >= max'],
      ['if (Object.is(value, -0)) ', 'if (false) '],
      ["if (typeof value !== 'string' || !test(value)) ", 'if (false) '],
      ["typeof value !== 'string' || !test(value)", "typeof value !== 'string'"],
      ["typeof value !== 'string' || !test(value)", '!test(value)'],
      [
        '(value) => value.length >= 1 && value.length <= max',
        '(value) => value.length >= 1 && value.length < max',
      ],
      [
        'value.length >= 1 && value.length <= max && !CONTROL.test(value) && value.isWellFormed()',
        'value.length >= 1 && value.length <= max && !CONTROL.test(value)',
      ],
      [
        'value.length >= 1 && value.length <= max && !CONTROL.test(value) && value.isWellFormed()',
        'value.isWellFormed()',
      ],
      [
        'value.length >= 1 && value.length <= max && !CONTROL.test(value)',
        'value.length >= 1 && value.length <= max',
      ],
      ['value.length >= 1 && value.length <= max && !CONTROL.test(value)', '!CONTROL.test(value)'],
      ['value.length >= 1 && value.length <= max', 'value.length >= 1'],
      ['value.length >= 1 && value.length <= max', 'value.length <= max'],
      ['value.length >= 1', 'value.length > 1'],
      ['(value) => value.length <= max', '(value) => value.length < max'],
      [
        'value.length <= max && !CONTROL_BUT_LAYOUT.test(value) && value.isWellFormed()',
        'value.length <= max && !CONTROL_BUT_LAYOUT.test(value)',
      ],
      [
        'value.length <= max && !CONTROL_BUT_LAYOUT.test(value) && value.isWellFormed()',
        'value.isWellFormed()',
      ],
      ['value.length <= max && !CONTROL_BUT_LAYOUT.test(value)', 'value.length <= max'],
      ['value.length <= max && !CONTROL_BUT_LAYOUT.test(value)', '!CONTROL_BUT_LAYOUT.test(value)'],
      ['if (!Array.isArray(value) || value.length < min || value.length > max) ', 'if (false) '],
      [
        '!Array.isArray(value) || value.length < min || value.length > max',
        '!Array.isArray(value) || value.length < min',
      ],
      ['!Array.isArray(value) || value.length < min || value.length > max', 'value.length > max'],
      ['!Array.isArray(value) || value.length < min', '!Array.isArray(value)'],
      ['!Array.isArray(value) || value.length < min', 'value.length < min'],
      ['value.length < min', 'value.length <= min'],
      ['value.length > max', 'value.length >= max'],
      ["if (typeof value !== 'object' || value === null || Array.isArray(value)) ", 'if (false) '],
      [
        "if (typeof value !== 'object' || value === null || Array.isArray(value)) {",
        "if (typeof value !== 'object' || Array.isArray(value)) {",
      ],
      [
        "if (typeof value !== 'object' || value === null || Array.isArray(value)) {",
        'if (value === null || Array.isArray(value)) {',
      ],
      ["typeof value !== 'object' || value === null || Array.isArray(value)", 'Array.isArray(value)'],
      [
        "typeof value !== 'object' || value === null || Array.isArray(value)",
        "typeof value !== 'object' || value === null",
      ],
      ['if (!Object.hasOwn(fields, name)) ', 'if (false) '],
      ["if (typeof value !== 'object' || value === null) ", 'if (false) '],
      [
        "if (typeof value !== 'object' || value === null) throw unwanted(path, 'an object', value);",
        "if (typeof value !== 'object') throw unwanted(path, 'an object', value);",
      ],
      ['check(decoded, path);', ''],
    ],
  },
  {
    file: 'lib/format/json-schema/json-schema.ts',
    tests: ['test/format/json-schema.test.ts'],
    changes: [
      ["ANNOTATIONS.has(name) || name.startsWith('x-')", 'ANNOTATIONS.has(name)'],
      ["ANNOTATIONS.has(name) || name.startsWith('x-')", "name.startsWith('x-')"],
      ["if (typeof found === 'boolean' || isFields(found))", 'if (isFields(found))'],
      ["if (typeof found === 'boolean' || isFields(found))", 'if (found !== undefined)'],
      ['for (const reference of references(document)) resolve(document, reference, name);', ''],
      ['if (depth > MAX_DEPTH) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/format/json-schema/keywords.ts',
    tests: ['test/format/json-schema.test.ts'],
    changes: [
      [
        "|| value.length === 0) throw unwanted(at, 'a list of schemas'",
        ") throw unwanted(at, 'a list of schemas'",
      ],
      [
        "!Array.isArray(value) || value.length === 0) throw unwanted(at, 'a list of schemas'",
        "Object(value).length === 0) throw unwanted(at, 'a list of schemas'",
      ],
      ["if (!isFields(value)) throw unwanted(at, 'an object of schemas', value);", ''],
      ['!Number.isSafeInteger(value) || Number(value) < 0', '!Number.isSafeInteger(value)'],
      ['!Number.isSafeInteger(value) || Number(value) < 0', 'Number(value) < 0'],
      ["if (typeof value !== 'number') throw unwanted(at, 'a number', value);", ''],
      ["!Array.isArray(value) || !value.every((one) => typeof one === 'string')", '!Array.isArray(value)'],
    ],
  },
  {
    file: 'lib/format/json-schema/budget.ts',
    tests: ['test/format/json-schema.test.ts'],
    changes: [['this.#steps < 0 || this.#matching < 0', 'this.#steps < 0']],
  },
  {
    file: 'lib/format/json.ts',
    tests: ['test/version/json.test.ts'],
    changes: [
      ['if (bytes.length > limit) ', 'if (false) '],
      ['if (name !== null) ', 'if (false) '],
      ['text === written || text === `${written}\\n`', 'true'],
      ['if (!(error instanceof RangeError)) throw error;\n    return false;', 'throw error;'],
      [
        'isMarked ? bytes.subarray(MARK.length) : bytes',
        'bytes',
        { tests: ['test/home/preferences.test.ts'] },
      ],
    ],
  },
  {
    file: 'lib/format/portable-path.ts',
    tests: ['test/version/portable-path.test.ts'],
    changes: [
      [
        'name.length > 0 &&\n    name.isWellFormed() &&\n    Buffer.byteLength(name) <= limit &&\n    !REFUSED.test(name) &&\n    !/[. ]$/.test(name) &&\n    !DEVICE.test(name)',
        'name.length > 0 &&\n    name.isWellFormed() &&\n    Buffer.byteLength(name) <= limit &&\n    !REFUSED.test(name) &&\n    !/[. ]$/.test(name)',
      ],
      [
        'name.length > 0 &&\n    name.isWellFormed() &&\n    Buffer.byteLength(name) <= limit &&\n    !REFUSED.test(name) &&\n    !/[. ]$/.test(name) &&\n    !DEVICE.test(name)',
        '!DEVICE.test(name)',
      ],
      [
        'name.length > 0 &&\n    name.isWellFormed() &&\n    Buffer.byteLength(name) <= limit &&\n    !REFUSED.test(name) &&\n    !/[. ]$/.test(name)',
        'name.length > 0 &&\n    name.isWellFormed() &&\n    Buffer.byteLength(name) <= limit &&\n    !REFUSED.test(name)',
      ],
      [
        'name.length > 0 &&\n    name.isWellFormed() &&\n    Buffer.byteLength(name) <= limit &&\n    !REFUSED.test(name) &&\n    !/[. ]$/.test(name)',
        '!/[. ]$/.test(name)',
      ],
      [
        'name.length > 0 &&\n    name.isWellFormed() &&\n    Buffer.byteLength(name) <= limit &&\n    !REFUSED.test(name)',
        'name.length > 0 &&\n    name.isWellFormed() &&\n    Buffer.byteLength(name) <= limit',
      ],
      [
        'name.length > 0 &&\n    name.isWellFormed() &&\n    Buffer.byteLength(name) <= limit &&\n    !REFUSED.test(name)',
        '!REFUSED.test(name)',
      ],
      [
        'name.length > 0 &&\n    name.isWellFormed() &&\n    Buffer.byteLength(name) <= limit',
        'name.length > 0 &&\n    name.isWellFormed()',
      ],
      [
        'name.length > 0 &&\n    name.isWellFormed() &&\n    Buffer.byteLength(name) <= limit',
        'Buffer.byteLength(name) <= limit',
      ],
      ['name.length > 0 &&\n    name.isWellFormed()', 'name.length > 0'],
      ['name.length > 0 &&\n    name.isWellFormed()', 'name.isWellFormed()'],
      ['name.length > 0 &&\n    name.isWellFormed() &&', 'name.length >= 0 &&\n    name.isWellFormed() &&'],
      ['Buffer.byteLength(name) <= limit', 'Buffer.byteLength(name) < limit'],
      ['if (path.length > MAX_PATH || Buffer.byteLength(path) > MAX_PATH) ', 'if (false) '],
      ['path.length > MAX_PATH || Buffer.byteLength(path) > MAX_PATH', 'path.length > MAX_PATH'],
      ['Buffer.byteLength(path) > MAX_PATH', 'Buffer.byteLength(path) >= MAX_PATH'],
      ['return names.length <= MAX_DEPTH && names.every((name) => isPortableName(name));', 'return true;'],
      ['return names.length <= MAX_DEPTH && names.every((name) => isPortableName(name));', 'return false;'],
      [
        'names.length <= MAX_DEPTH && names.every((name) => isPortableName(name))',
        'names.length <= MAX_DEPTH',
      ],
      [
        'names.length <= MAX_DEPTH && names.every((name) => isPortableName(name))',
        'names.every((name) => isPortableName(name))',
      ],
      ['names.length <= MAX_DEPTH', 'names.length < MAX_DEPTH'],
      ['depth <= names.length', 'depth < names.length'],
      ['depth < names.length', 'depth <= names.length'],
      ['if (before === undefined) ', 'if (false) '],
      ['if (before.place !== place || !before.folder || !folder) ', 'if (false) '],
      ['before.place !== place || !before.folder || !folder', 'before.place !== place || !before.folder'],
      ['before.place !== place || !before.folder || !folder', '!folder'],
      ['before.place !== place || !before.folder', 'before.place !== place'],
      ['before.place !== place || !before.folder', '!before.folder'],
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
  {
    file: 'lib/format/web-address.ts',
    tests: ['test/format/web-address.test.ts'],
    changes: [
      ["host === 'localhost'", "host.startsWith('localhost')"],
      ["host === 'localhost'", "host.endsWith('localhost')"],
      ["host === '[::1]'", "host.startsWith('[::1')"],
      ['/^127(\\.\\d{1,3}){3}$/', '/^127(\\.\\d{1,3}){3}/'],
      ['/^127(\\.\\d{1,3}){3}$/', '/127(\\.\\d{1,3}){3}$/'],
    ],
  },
];
