import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { DamagedError } from '../../lib/errors.ts';
import {
  binaryFor,
  type DGMOVersion,
  decodeManifest,
  encodeManifest,
  manifestSchema,
} from '../../lib/version/index.ts';
import { fourthManifest, secondManifest, testManifest, thirdManifest } from './release.ts';

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function refusal(value: unknown): string {
  try {
    decodeManifest(encode(value));
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    return error.message;
  }
  return 'accepted';
}

/** The test manifest with the value at a path replaced; `undefined` takes the field away. */
function changed(where: string, to: unknown, value: unknown = testManifest()): unknown {
  const names = where.split('.');
  const last = names.pop() ?? '';
  let at = value as Record<string, unknown>;
  for (const name of names) at = at[name] as Record<string, unknown>;
  at[last] = to;
  return value;
}

const schemaOf = ({ binaries, evolutions }: DGMOVersion) => manifestSchema(binaries, evolutions);

describe('a manifest', () => {
  test('comes back as it was written', () => {
    expect(decodeManifest(encodeManifest(testManifest()))).toEqual(testManifest());
  });

  test('of the frozen vector still reads', () => {
    const file = path.join(import.meta.dir, '../vectors/manifest/manifest.json');
    expect(decodeManifest(readFileSync(file))).toEqual(testManifest());
  });

  test('of schema 2 comes back as it was written, and its frozen vector still reads', () => {
    const file = path.join(import.meta.dir, '../vectors/manifest-v2/manifest.json');
    expect(decodeManifest(encodeManifest(secondManifest()))).toEqual(secondManifest());
    expect(decodeManifest(readFileSync(file))).toEqual(secondManifest());
  });

  test('with a baseline build is of schema 3, and its frozen vector still reads', () => {
    const file = path.join(import.meta.dir, '../vectors/manifest-v3/manifest.json');
    expect(decodeManifest(encodeManifest(thirdManifest()))).toEqual(thirdManifest());
    expect(decodeManifest(readFileSync(file))).toEqual(thirdManifest());
    for (const schema of [undefined, 2]) {
      expect(refusal({ ...thirdManifest(), schema })).toStartWith('manifest.schema: wanted 3');
    }
    expect([thirdManifest(), secondManifest()].map(schemaOf)).toEqual([3, 2]);
  });

  test('with the risk of an evolution is of schema 4, and its frozen vector still reads', () => {
    const file = path.join(import.meta.dir, '../vectors/manifest-v5/manifest.json');
    expect(decodeManifest(encodeManifest(fourthManifest()))).toEqual(fourthManifest());
    expect(decodeManifest(readFileSync(file))).toEqual(fourthManifest());
    for (const schema of [undefined, 2, 3] as const) {
      expect(refusal({ ...fourthManifest(), schema })).toStartWith('manifest.schema: wanted 4');
    }
    expect(schemaOf(fourthManifest())).toBe(4);
    const { evolutions } = fourthManifest();
    expect(refusal({ ...testManifest(), evolutions })).toStartWith('manifest.schema: wanted 4');
  });

  test('with the schema of the config comes back as it was written, and its frozen vector still reads', () => {
    const file = path.join(import.meta.dir, '../vectors/manifest-v4/manifest.json');
    const sha256 = 'ef'.repeat(32);
    const configSchema = { path: `schemas/${sha256}.config.json`, length: 2048, sha256 };
    const manifest = { ...secondManifest(), configSchema };
    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
    expect(decodeManifest(readFileSync(file))).toEqual(manifest);
  });

  test('may have no release before it', () => {
    expect(refusal(changed('updates.from', null))).toBe('accepted');
  });

  test('names the binary for a target', () => {
    expect(binaryFor(testManifest(), { platform: 'win32', arch: 'arm64' })?.size).toBe(2000);
    expect(binaryFor(testManifest(), { platform: 'linux', arch: 'x64-musl' })).toBeUndefined();
  });
});

describe('the error of a bad manifest names the field and both values', () => {
  const long = 'x'.repeat(2000);
  const cases: [where: string, to: unknown, message: string][] = [
    ['version', undefined, 'manifest.version: wanted a semantic version such as 1.2.3, found nothing'],
    ['version', '1.2', 'manifest.version: wanted a semantic version such as 1.2.3, found "1.2"'],
    [
      'version',
      'v1.2.0',
      'manifest.version: wanted a semantic version such as 1.2.3, found "v1.2.0"; leave out the v',
    ],
    ['version', ' 1.2.0', 'manifest.version: wanted a semantic version such as 1.2.3, found " 1.2.0"'],
    [
      'version',
      '1.2.0+build',
      'manifest.version: wanted a semantic version such as 1.2.3, found "1.2.0+build"; leave out the build metadata (+...): it does not count in the order of versions, so 1.2.0 would be two releases',
    ],
    ['version', 12, 'manifest.version: wanted a semantic version such as 1.2.3, found 12'],
    [
      'releaseDate',
      '2026',
      'manifest.releaseDate: wanted a whole number of milliseconds since 1970 from 0 to 253402300799999, found "2026"',
    ],
    [
      'releaseDate',
      1.5,
      'manifest.releaseDate: wanted a whole number of milliseconds since 1970 from 0 to 253402300799999, found 1.5',
    ],
    ['binaries', {}, 'manifest.binaries: wanted a list of 1 to 12, found an object'],
    ['binaries', [], 'manifest.binaries: wanted a list of 1 to 12, found a list of 0'],
    ['binaries.0', null, 'manifest.binaries[0]: wanted an object, found null'],
    [
      'binaries.1.size',
      -5,
      'manifest.binaries[1].size: wanted a whole number of bytes from 1 to 1073741824, found -5',
    ],
    [
      'binaries.1.size',
      2 ** 30 + 1,
      'manifest.binaries[1].size: wanted a whole number of bytes from 1 to 1073741824, found 1073741825',
    ],
    [
      'binaries.1.platform',
      'windows',
      'manifest.binaries[1].platform: wanted "linux" or "darwin" or "win32", found "windows"',
    ],
    [
      'binaries.1.arch',
      'x86',
      'manifest.binaries[1].arch: wanted "x64" or "arm64" or "x64-musl" or "arm64-musl" or "x64-baseline" or "x64-musl-baseline", found "x86"',
    ],
    [
      'binaries.1.arch',
      'x64-musl',
      'manifest.binaries[1].arch: wanted an architecture of win32, found "x64-musl"',
    ],
    [
      'binaries.0.checksum',
      'AB'.repeat(32),
      `manifest.binaries[0].checksum: wanted 64 lower-case hex digits, found "${'AB'.repeat(32)}"`,
    ],
    [
      'binaries.0.signature',
      'cd',
      'manifest.binaries[0].signature: wanted 128 lower-case hex digits, found "cd"',
    ],
    [
      'binaries.0.downloadUrl',
      'http://example.org/x',
      'manifest.binaries[0].downloadUrl: wanted an https address, or a path inside the feed, found "http://example.org/x"',
    ],
    [
      'binaries.0.extra',
      1,
      'manifest.binaries[0]: wanted no fields but platform, arch, size, checksum, signature, downloadUrl, blocks, frames, found "extra"',
    ],
    ['updates.from', '1.2.0', 'manifest.updates.from: wanted a version before 1.2.0, found "1.2.0"'],
    ['updates.from', '2.0.0', 'manifest.updates.from: wanted a version before 1.2.0, found "2.0.0"'],
    [
      'updates.type',
      'huge',
      'manifest.updates.type: wanted "patch" or "minor" or "major" or "security", found "huge"',
    ],
    [
      'updates.size',
      0,
      'manifest.updates.size: wanted a whole number of bytes from 1 to 1073741824, found 0',
    ],
    [
      'updates.riskLevel',
      'none',
      'manifest.updates.riskLevel: wanted "low" or "medium" or "high", found "none"',
    ],
    ['updates.changes', 'notes', 'manifest.updates.changes: wanted an object, found "notes"'],
    [
      'updates.changes.notes',
      'a\u001b[2Jb',
      'manifest.updates.changes.notes: wanted text of at most 65536 characters, found "a\\u001b[2Jb"',
    ],
    [
      'updates.changes.entries.0.kind',
      'broke',
      'manifest.updates.changes.entries[0].kind: wanted "added" or "changed" or "deprecated" or "removed" or "fixed" or "security", found "broke"',
    ],
    [
      'updates.changes.entries.0.text',
      'two\nlines',
      'manifest.updates.changes.entries[0].text: wanted one line of 1 to 1000 characters, found "two\\nlines"',
    ],
    [
      'evolutions.0.id',
      '../x',
      'manifest.evolutions[0].id: wanted a name of a-z, 0-9, dot, dash and underscore, at most 64 long, no device of Windows and not installed.json, found "../x"',
    ],
    [
      'evolutions.0.id',
      'nul.search',
      'manifest.evolutions[0].id: wanted a name of a-z, 0-9, dot, dash and underscore, at most 64 long, no device of Windows and not installed.json, found "nul.search"',
    ],
    ...['installed.json', 'installed.json.tmp'].map((id): [string, string, string] => [
      'evolutions.0.id',
      id,
      `manifest.evolutions[0].id: wanted a name of a-z, 0-9, dot, dash and underscore, at most 64 long, no device of Windows and not installed.json, found "${id}"`,
    ]),
    [
      'evolutions.0.description',
      long,
      `manifest.evolutions[0].description: wanted one line of 1 to 1000 characters, found "${'x'.repeat(99)}... (2002 characters)`,
    ],
    [
      'evolutions.0.description',
      '\ud800',
      'manifest.evolutions[0].description: wanted one line of 1 to 1000 characters, found "\\ud800"',
    ],
    ['evolutions.0.autoApply', 1, 'manifest.evolutions[0].autoApply: wanted true or false, found 1'],
    ['rollback.supported', 'yes', 'manifest.rollback.supported: wanted true or false, found "yes"'],
    ['rollback.minVersion', '1.3.0', 'manifest.rollback.minVersion: wanted at most 1.2.0, found "1.3.0"'],
    [
      'rollback.dataVersion',
      -1,
      'manifest.rollback.dataVersion: wanted a whole number from 0 to 2147483647, found -1',
    ],
    ['rollback', undefined, 'manifest.rollback: wanted an object, found nothing'],
    [
      'surplus',
      true,
      'manifest: wanted no fields but schema, version, releaseDate, binaries, updates, evolutions, rollback, confirm, updaters, configSchema, found "surplus"',
    ],
  ];
  for (const [where, to, message] of cases) {
    test(`${where} = ${JSON.stringify(to)?.slice(0, 30)}`, () => {
      expect(refusal(changed(where, to))).toBe(message);
    });
  }

  test('a target twice', () => {
    const value = testManifest();
    value.binaries = value.binaries.flatMap((binary) => [binary, binary]);
    expect(refusal(value)).toBe(
      'manifest.binaries[1]: wanted one binary for each target, found "linux-x64 again"',
    );
  });

  test('an evolution twice', () => {
    const value = testManifest();
    value.evolutions = value.evolutions.flatMap((evolution) => [evolution, evolution]);
    expect(refusal(value)).toBe(
      'manifest.evolutions[1].id: wanted each id once, found "faster-search again"',
    );
  });

  test('another kind of document', () => {
    expect(refusal([])).toBe('manifest: wanted an object, found a list of 0');
    expect(refusal(null)).toBe('manifest: wanted an object, found null');
  });
});

describe('schema 2', () => {
  const cases: [where: string, to: unknown, message: string][] = [
    ['schema', undefined, 'manifest.schema: wanted 2, with the fields that it has, found nothing'],
    ['schema', 1, 'manifest.schema: wanted 2 or 3 or 4, found 1'],
    ['schema', 5, 'manifest.schema: wanted 2 or 3 or 4, found 5'],
    [
      'confirm.seconds',
      0,
      'manifest.confirm.seconds: wanted a whole number of seconds from 1 to 3600, found 0',
    ],
    ['confirm', null, 'manifest.confirm: wanted an object, found null'],
    ['updaters', [], 'manifest.updaters: wanted a list of 1 to 8, found a list of 0'],
    [
      'updaters.0.file.path',
      '../x',
      'manifest.updaters[0].file.path: wanted a path inside the feed, found "../x"',
    ],
    ['updaters.0.arch', 'x64-musl', 'accepted'],
    ['updaters.0.platform', 'win32', 'accepted'],
    [
      'updaters.0.arch',
      'x64-baseline',
      'manifest.updaters[0].arch: wanted an architecture of linux, found "x64-baseline"',
    ],
    [
      'updaters.0.version',
      '2',
      'manifest.updaters[0].version: wanted a semantic version such as 1.2.3, found "2"',
    ],
    [
      'binaries.0.blocks.length',
      64,
      'manifest.binaries[0].blocks.length: wanted 32 for a binary of 1000 bytes, found 64',
    ],
    [
      'binaries.0.frames.index.length',
      600,
      'manifest.binaries[0].frames.index.length: wanted less than 600, found 600',
    ],
  ];
  for (const [where, to, message] of cases) {
    test(`${where} = ${JSON.stringify(to)}`, () => {
      expect(refusal(changed(where, to, secondManifest()))).toBe(message);
    });
  }

  test.each(['confirm', 'updaters', 'binaries.0.blocks', 'binaries.0.frames'])(
    '%s is not to be had without its number',
    (kept) => {
      let value: unknown = secondManifest();
      for (const field of ['schema', 'confirm', 'updaters', 'binaries.0.blocks', 'binaries.0.frames']) {
        if (field !== kept) value = changed(field, undefined, value);
      }
      expect(refusal(value)).toStartWith('manifest.schema: wanted 2');
    },
  );

  test('an updater twice', () => {
    const value = secondManifest();
    value.updaters = value.updaters?.flatMap((updater) => [updater, updater]);
    expect(refusal(value)).toBe(
      'manifest.updaters[1]: wanted one updater for each target, found "linux-x64 again"',
    );
  });
});

test('whatever stands in the place of any field, decoding refuses it as damaged or gives back exactly it', () => {
  const places = [
    'version',
    'binaries',
    'binaries.0',
    'binaries.0.size',
    'binaries.0.arch',
    'binaries.0.downloadUrl',
    'updates',
    'updates.from',
    'updates.changes.notes',
    'evolutions.0.id',
    'rollback.dataVersion',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.jsonValue(), (where, to) => {
      const value = changed(where, to);
      if (refusal(value) === 'accepted') {
        expect(decodeManifest(encode(value)) as unknown).toEqual(JSON.parse(JSON.stringify(value)));
      }
    }),
    { numRuns: 500 },
  );
});
