/** Mutants of lib/snapshot/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const SNAPSHOT: readonly MutatedFile[] = [
  {
    file: 'lib/snapshot/inverse/compact.ts',
    tests: ['test/snapshot/store/compact.test.ts'],
    changes: [
      ['if (snapshots.length < listed.length) return []', 'if (false) return []'],
      ['status.links > 1 || ', ''],
      ['|| status.size < worth', ''],
      ["if (patch === 'damaged') return 0", 'if (false) return 0'],
      ['chain !== null && chain.length <= MOST_PATCHES', 'chain !== null'],
      ['kept.has(sha256) || ', ''],
    ],
  },
  {
    file: 'lib/snapshot/inverse/inverses.ts',
    tests: ['test/snapshot/store/compact.test.ts'],
    changes: [
      [
        'if (header.toChecksum === sha256 && header.fromChecksum === base) return source',
        'if (true) return source',
      ],
      ['if (found === sha256) return true', 'if (true) return true'],
    ],
  },
  {
    file: 'lib/snapshot/separate.ts',
    tests: ['test/snapshot/separate.test.ts'],
    changes: [
      ['if (updaters.some((one) => inside(folder, one)))', 'if (false)'],
      ['if (other !== undefined && other !== component)', 'if (false)'],
      ['const folder = resolved(root);', 'const folder = root;'],
    ],
  },
  {
    file: 'lib/snapshot/capture/read-file.ts',
    tests: ['test/snapshot/capture/changing-files.test.ts'],
    changes: [["if (GONE.has(errorCode(error) ?? '')) ", 'if (false) ']],
  },
  {
    file: 'lib/snapshot/document.ts',
    tests: ['test/snapshot/snapshot-id.test.ts'],
    changes: [
      [
        'if (said.every((one) => (one === null) === (schema === 1))) ',
        'if (false) ',
        { tests: ['test/snapshot/store/usage.test.ts'] },
      ],
      ['if (snapshot.id !== id)', 'if (false)'],
      ['if (error instanceof DamagedError) ', 'if (false) '],
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
    changes: [
      ['if (found !== wanted)', 'if (false)'],
      ['if (found !== sha256) throw fail(`has SHA-256', 'if (false) throw fail(`has SHA-256'],
    ],
  },
  {
    file: 'lib/snapshot/store/tree.ts',
    tests: ['test/snapshot/store/tree.test.ts'],
    changes: [
      [
        "if (typeof value !== 'object' || value === null || !('schema' in value) || !('entries' in value))\n    ",
        'if (false) ',
      ],
      [
        "typeof value !== 'object' || value === null || !('schema' in value) || !('entries' in value)",
        "!('entries' in value)",
      ],
      ["typeof value !== 'object' || value === null || !('schema' in value)", "!('schema' in value)"],
      ["typeof value !== 'object' || value === null", "typeof value !== 'object'"],
      ["typeof value !== 'object' || value === null", 'value === null'],
      ['if (value.schema !== 1) throw newer(`the tree ${name}`, value.schema, 1);', ''],
      ['if (value.schema !== 1) ', 'if (false) '],
      [
        "if (!Array.isArray(value.entries) || !('mode' in value) || !isMode(value.mode))\n    ",
        'if (false) ',
      ],
      [
        "!Array.isArray(value.entries) || !('mode' in value) || !isMode(value.mode)",
        "!Array.isArray(value.entries) || !('mode' in value)",
      ],
      ["!Array.isArray(value.entries) || !('mode' in value) || !isMode(value.mode)", '!isMode(value.mode)'],
      ["!Array.isArray(value.entries) || !('mode' in value)", "!('mode' in value)"],
      ['if (entry === null)\n      ', 'if (false) '],
      ['if (path <= last || !isInside(path, folders))\n      ', 'if (false) '],
      ['path <= last || !isInside(path, folders)', 'path < last || !isInside(path, folders)'],
      ['path <= last || !isInside(path, folders)', 'path <= last'],
      ['path <= last || !isInside(path, folders)', '!isInside(path, folders)'],
      ["if (entry.kind === 'folder') folders.add(path);", 'folders.add(path);'],
      ["if (entry.kind === 'folder') ", 'if (false) '],
      ["if (name === '' || name === '.' || name === '..' || name.includes('\\0')) return false;", ''],
      ["if (name === '' || name === '.' || name === '..' || name.includes('\\0')) ", 'if (false) '],
      [
        "name === '' || name === '.' || name === '..' || name.includes('\\0')",
        "name === '' || false || name === '..' || name.includes('\\0')",
      ],
      [
        "name === '' || name === '.' || name === '..' || name.includes('\\0')",
        "name === '' || name === '.' || false || name.includes('\\0')",
      ],
      [
        "name === '' || name === '.' || name === '..' || name.includes('\\0')",
        "name === '' || name === '.' || name === '..' || false",
      ],
      [
        "name === '' || name === '.' || name === '..' || name.includes('\\0')",
        "name === '' || name === '.' || name === '..'",
      ],
      ["name === '' || name === '.' || name === '..' || name.includes('\\0')", "name.includes('\\0')"],
      ["name === '' || name === '.' || name === '..'", "name === '' || name === '.'"],
      ["name === '' || name === '.' || name === '..'", "name === '..'"],
      ["name === '' || name === '.'", "name === ''"],
      ['return slash === -1 || (slash > 0 && folders.has(path.slice(0, slash)));', 'return true;'],
      ['return slash === -1 || (slash > 0 && folders.has(path.slice(0, slash)));', 'return false;'],
      ['slash === -1 || (slash > 0 && folders.has(path.slice(0, slash)))', 'slash === -1'],
      [
        'slash === -1 || (slash > 0 && folders.has(path.slice(0, slash)))',
        '(slash > 0 && folders.has(path.slice(0, slash)))',
      ],
      ['(slash > 0 && folders.has(path.slice(0, slash)))', 'slash > 0'],
      ['slash > 0 && folders.has(path.slice(0, slash))', 'slash > 0'],
      ['slash > 0 && folders.has(path.slice(0, slash))', 'folders.has(path.slice(0, slash))'],
      ['slash > 0', 'slash >= 0'],
      ["if (!Array.isArray(row) || typeof row[1] !== 'string') ", 'if (false) '],
      ["!Array.isArray(row) || typeof row[1] !== 'string'", '!Array.isArray(row)'],
      ['isMode(third) && isTime(modified)', 'isMode(third)'],
      ['isMode(third) && isTime(modified)', 'isTime(modified)'],
      ['if (content === null || !isMode(third) || !isTime(modified)) ', 'if (false) '],
      ['content === null || !isMode(third) || !isTime(modified)', 'content === null || !isMode(third)'],
      ['content === null || !isMode(third) || !isTime(modified)', '!isTime(modified)'],
      ['content === null || !isMode(third)', 'content === null'],
      ['content === null || !isMode(third)', '!isMode(third)'],
      ["if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) ", 'if (false) '],
      [
        "typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0",
        "typeof size !== 'number' || !Number.isSafeInteger(size)",
      ],
      ["typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0", 'size < 0'],
      ["typeof size !== 'number' || !Number.isSafeInteger(size)", "typeof size !== 'number'"],
      ['size < 0', 'size <= 0'],
      ["if (typeof where === 'string') ", 'if (false) '],
      ['isCloneName(where) ? { clone: where } : null', '{ clone: where }'],
      ['if (!Array.isArray(where) || where.length !== Math.ceil(size / BLOCK)) ', 'if (false) '],
      ['!Array.isArray(where) || where.length !== Math.ceil(size / BLOCK)', '!Array.isArray(where)'],
      [
        '!Array.isArray(where) || where.length !== Math.ceil(size / BLOCK)',
        'where.length !== Math.ceil(size / BLOCK)',
      ],
      ['|| where.length !== Math.ceil(size / BLOCK)', ''],
      ["typeof block === 'string' && DIGEST.test(block)", "typeof block === 'string'"],
      ['DIGEST.test(block)', 'true'],
      ['/^[0-9a-f]{32}$/', '/^[0-9a-f]{32}/'],
      ['/^[0-9a-f]{32}$/', '/[0-9a-f]{32}$/'],
      [
        "return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0o7777;",
        'return true;',
      ],
      [
        "return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0o7777;",
        'return false;',
      ],
      [
        "typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0o7777",
        'value <= 0o7777',
      ],
      ["typeof value === 'number' && Number.isInteger(value) && value >= 0", 'value >= 0'],
      ['value >= 0 && value <= 0o7777', 'value >= 0'],
      ['value >= 0 && value <= 0o7777', 'value <= 0o7777'],
      ['value >= 0', 'value > 0'],
      ['value <= 0o7777', 'value < 0o7777'],
    ],
  },
  {
    file: 'lib/snapshot/store/trees.ts',
    tests: ['test/snapshot/store/usage.test.ts'],
    changes: [
      ['if (frame === null) ', 'if (false) '],
      ['if (found !== sha256) throw', 'if (false) throw', { tests: ['test/snapshot/store/tree.test.ts'] }],
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
  {
    file: 'lib/snapshot/capture/take.ts',
    tests: ['test/snapshot/capture/symlinks.test.ts'],
    changes: [["if (occasion !== 'manual')", 'if (false)']],
  },
  {
    file: 'lib/snapshot/restore/restore.ts',
    tests: ['test/snapshot/restore.test.ts'],
    changes: [["if (errorCode(error) !== 'EXDEV') throw error;", 'throw error;']],
  },
];
