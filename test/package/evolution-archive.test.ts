import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { zstdFrame } from '../../lib/delta/compress.ts';
import { DamagedError } from '../../lib/errors.ts';
import {
  decodeEvolution,
  type EvolutionFile,
  encodeEvolution,
  MAX_EVOLUTION_FILES,
  MAX_UNPACKED,
} from '../../lib/package/index.ts';
import { digestBytes } from '../../lib/platform/files.ts';

const text = (value: string) => new TextEncoder().encode(value);

/** The files that the frozen vector holds. */
const FILES: EvolutionFile[] = [
  {
    path: 'evolution.json',
    mode: 0o644,
    bytes: text('{"id": "faster-search", "description": "Searches faster", "autoApply": true}\n'),
  },
  { path: 'bin/search', mode: 0o755, bytes: text('#!/bin/sh\necho found\n') },
  { path: 'data/empty', mode: 0o644, bytes: new Uint8Array() },
  { path: 'data/Grüße 世界.txt', mode: 0o644, bytes: text('Grüße\n') },
];
const EVOLUTION = { id: 'faster-search', version: '1.2.0', files: FILES };

interface Entry {
  path: string;
  mode: string;
  size: number;
  sha256: string;
}

interface Index {
  schema: number;
  id: string;
  version: string;
  files: Entry[];
}

const entry = (name: string, content = ''): Entry => ({
  path: name,
  mode: '0644',
  size: content.length,
  sha256: digestBytes(text(content)).sha256,
});

const index = (...files: Entry[]): Index => ({ schema: 1, id: 'search', version: '1.2.0', files });

/** The bytes that come out of the frame, whatever they are, as an archive. */
async function forge(raw: Uint8Array, { size = raw.length, windowLog = 24 } = {}): Promise<Uint8Array> {
  const frame = await zstdFrame(raw, { level: 1, windowLog });
  const header = Buffer.from('DGMOEVO1\0\0\0\0');
  header.writeUInt32LE(size, 8);
  return new Uint8Array(Buffer.concat([header, frame]));
}

const withIndex = (line: unknown, contents = '') => forge(text(`${JSON.stringify(line)}\n${contents}`));

async function refusal(archive: Uint8Array): Promise<string> {
  try {
    await decodeEvolution(archive);
  } catch (error) {
    if (error instanceof DamagedError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('an archive', () => {
  test('gives back what was put in, in the order of its paths', async () => {
    const { id, version, files } = await decodeEvolution(await encodeEvolution(EVOLUTION));
    expect([id, version]).toEqual(['faster-search', '1.2.0']);
    expect(files.map((file) => file.path)).toEqual([
      'bin/search',
      'data/Grüße 世界.txt',
      'data/empty',
      'evolution.json',
    ]);
    for (const file of files) {
      const wanted = FILES.find((one) => one.path === file.path);
      expect([file.mode, Buffer.from(file.bytes)]).toEqual([
        wanted?.mode as EvolutionFile['mode'],
        Buffer.from(wanted?.bytes ?? []),
      ]);
      expect(file.sha256).toBe(digestBytes(file.bytes).sha256);
    }
  });

  test('comes back whatever its files hold, and is the same whatever order they come in', async () => {
    const letter = fc.constantFrom(...'abz09_-ü世🎉');
    const name = fc.array(letter, { minLength: 1, maxLength: 8 }).map((letters) => letters.join(''));
    const file = fc.record({
      path: fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => [...names, 'f'].join('/')),
      mode: fc.constantFrom<EvolutionFile['mode'][]>(0o644, 0o755),
      bytes: fc.uint8Array({ maxLength: 2000 }),
    });
    const some = fc.uniqueArray(file, { minLength: 1, maxLength: 12, selector: (one) => one.path });
    await fc.assert(
      fc.asyncProperty(some, fc.integer(), async (files, turn) => {
        const archive = await encodeEvolution({ ...EVOLUTION, files });
        const at = Math.abs(turn) % files.length;
        const turned = [...files.slice(at), ...files.slice(0, at)];
        expect(await encodeEvolution({ ...EVOLUTION, files: turned })).toEqual(archive);
        const back = await decodeEvolution(archive);
        const plain = (list: readonly EvolutionFile[]) =>
          list
            .map((one) => [one.path, one.mode, Buffer.from(one.bytes).toString('hex')])
            .sort(([a], [b]) => Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b))));
        expect(plain(back.files)).toEqual(plain(files));
      }),
      { numRuns: 40 },
    );
  });

  test('of the frozen vector still reads, and what is written still says the same', async () => {
    const vector = readFileSync(
      path.join(import.meta.dir, '../vectors/evolution-v1/faster-search.evolution'),
    );
    const { id, version, files } = await decodeEvolution(vector);
    expect([id, version, files.length]).toEqual(['faster-search', '1.2.0', FILES.length]);
    expect(files.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual([
      '#!/bin/sh\necho found\n',
      'Grüße\n',
      '',
      '{"id": "faster-search", "description": "Searches faster", "autoApply": true}\n',
    ]);
    // The frame itself may change with the zstd of another Bun.
    const written = Buffer.from(await encodeEvolution(EVOLUTION));
    expect(written.subarray(0, 12).equals(vector.subarray(0, 12))).toBe(true);
    const unpack = (archive: Buffer) => zstdDecompressSync(archive.subarray(12));
    expect(unpack(written).equals(unpack(vector))).toBe(true);
  });

  test('is not written where it would not be read', async () => {
    const one = FILES[0] as EvolutionFile;
    const cases: [files: EvolutionFile[], message: string][] = [
      [[], 'evolution.files: wanted a list of 1 to 4096, found a list of 0'],
      [[{ ...one, path: '../x' }], 'evolution.files[0].path: wanted a relative path of plain names'],
      [[one, one], 'wanted one that can exist beside "evolution.json" on every system'],
    ];
    for (const [files, message] of cases) {
      await expect(encodeEvolution({ ...EVOLUTION, files })).rejects.toThrow(message);
    }
    await expect(encodeEvolution({ ...EVOLUTION, id: 'aux' })).rejects.toThrow('evolution.id: wanted a name');
  });
});

describe('an archive that was', () => {
  test('cut at any byte is damaged', async () => {
    const archive = await encodeEvolution(EVOLUTION);
    for (let size = 0; size < archive.length; size++) {
      expect([size, await refusal(archive.subarray(0, size))]).not.toContain('accepted');
    }
  });

  test('lengthened is damaged', async () => {
    const archive = await encodeEvolution(EVOLUTION);
    for (const more of [Uint8Array.of(0), archive, archive.subarray(12)]) {
      expect(await refusal(new Uint8Array(Buffer.concat([archive, more])))).toMatch(/it ends at byte \d+ of/);
    }
  });

  /** A name may come to be another name; that is for the digest in the signed statement to find. */
  test('changed in any one bit is damaged, or holds the same contents', async () => {
    const archive = await encodeEvolution(EVOLUTION);
    const wanted = await decodeEvolution(archive);
    const contents = ({ files }: typeof wanted) => files.map(({ bytes }) => Buffer.from(bytes).toString());
    for (let bit = 0; bit < archive.length * 8; bit++) {
      const changed = archive.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const found = await decodeEvolution(changed).catch((error: Error) => error);
      if (found instanceof DamagedError) continue;
      if (found instanceof Error) throw found;
      expect(contents(found)).toEqual(contents(wanted));
    }
  });
});

describe('the error of a bad archive names the field and both values:', () => {
  const good = index(entry('a.js', 'one'), entry('b/c.js', 'two'));
  const with0 = (change: Partial<Record<keyof Entry | 'extra', unknown>>) => ({
    ...good,
    files: [{ ...good.files[0], ...change }, good.files[1]],
  });
  const two = (...paths: [string, string]) => index(entry(paths[0]), entry(paths[1]));
  const spaced = JSON.stringify(good, null, 1).replaceAll('\n', '');
  const turned = `{"id":"search","schema":1,"version":"1.2.0","files":${JSON.stringify(good.files)}}`;
  const escaped = JSON.stringify(good).replace('a.js', '\\u0061.js');

  test('(as it is, it is none)', async () => {
    expect(await refusal(await withIndex(good, 'onetwo'))).toBe('accepted');
  });

  const lines: [what: string, line: unknown, message: string][] = [
    ['another schema', { ...good, schema: 2 }, 'evolution.schema: wanted 1, found 2'],
    ['an id that leads out', { ...good, id: '../x' }, 'evolution.id: wanted a name of a-z, 0-9,'],
    [
      'an id that is a device',
      { ...good, id: 'con' },
      'at most 64 long, no device of Windows and not installed.json, found "con"',
    ],
    [
      'no version',
      { ...good, version: '1' },
      'evolution.version: wanted a semantic version such as 1.2.3, found "1"',
    ],
    [
      'a field more',
      { ...good, run: 'x' },
      'evolution: wanted no fields but schema, id, version, files, found "run"',
    ],
    [
      'a field less',
      { schema: 1, id: 'search', version: '1.2.0' },
      'evolution.files: wanted a list of 1 to 4096, found nothing',
    ],
    ['no files', index(), 'evolution.files: wanted a list of 1 to 4096, found a list of 0'],
    ['no object', [good], 'evolution: wanted an object, found a list of 1'],
    [
      'a mode of everybody',
      with0({ mode: '0777' }),
      'evolution.files[0].mode: wanted "0644" or "0755", found "0777"',
    ],
    [
      'a mode with more rights',
      with0({ mode: '4755' }),
      'evolution.files[0].mode: wanted "0644" or "0755", found "4755"',
    ],
    [
      'a mode as a number',
      with0({ mode: 420 }),
      'evolution.files[0].mode: wanted "0644" or "0755", found 420',
    ],
    [
      'a size below 0',
      with0({ size: -1 }),
      'evolution.files[0].size: wanted a whole number of bytes from 0 to 67108864, found -1',
    ],
    [
      'a size of no number',
      with0({ size: '3' }),
      'evolution.files[0].size: wanted a whole number of bytes from 0 to 67108864, found "3"',
    ],
    [
      'a size above all',
      with0({ size: MAX_UNPACKED + 1 }),
      'evolution.files[0].size: wanted a whole number of bytes from 0 to 67108864, found 67108865',
    ],
    [
      'a size that ends too late',
      with0({ size: 4 }),
      'evolution: wanted 7 bytes of contents as its index says, found 6',
    ],
    [
      'a size that ends too early',
      with0({ size: 2 }),
      'evolution: wanted 5 bytes of contents as its index says, found 6',
    ],
    [
      'a digest of capital letters',
      with0({ sha256: 'AB'.repeat(32) }),
      'evolution.files[0].sha256: wanted 64 lower-case hex digits',
    ],
    [
      'another digest',
      with0({ sha256: 'ab'.repeat(32) }),
      `evolution.files[0]: wanted content with SHA-256 ${'ab'.repeat(32)}, found ${digestBytes(text('one')).sha256}`,
    ],
    [
      'a link',
      with0({ extra: 'target' }),
      'evolution.files[0]: wanted no fields but path, mode, size, sha256, found "extra"',
    ],
    [
      'files out of order',
      { ...good, files: good.files.toReversed() },
      'evolution.files[1].path: wanted one that comes after "b/c.js", found "a.js"',
    ],
    [
      'the same path twice',
      two('a', 'a'),
      'evolution.files[1].path: wanted one that can exist beside "a" on every system, found "a"',
    ],
    [
      'two paths that differ in case',
      two('A', 'a'),
      'evolution.files[1].path: wanted one that can exist beside "A" on every system, found "a"',
    ],
    [
      'a path that is the folder of another',
      two('a', 'a/b'),
      'evolution.files[1].path: wanted one that can exist beside "a" on every system, found "a/b"',
    ],
  ];
  for (const [what, line, message] of lines) {
    test(what, async () => {
      expect(await refusal(await withIndex(line, 'onetwo'))).toContain(message);
    });
  }

  const raws: [what: string, raw: string, message: string][] = [
    ['spaces', `${spaced}\nonetwo`, 'evolution: wanted the canonical form of its index, found other spacing'],
    ['fields in another order', `${turned}\nonetwo`, 'evolution: wanted the canonical form of its index'],
    [
      'escapes that are not wanted',
      `${escaped}\nonetwo`,
      'evolution: wanted the canonical form of its index',
    ],
    [
      'a carriage return',
      `${JSON.stringify(good)}\r\nonetwo`,
      'evolution: wanted the canonical form of its index',
    ],
    [
      'a name twice',
      `{"schema":1,${JSON.stringify(good).slice(1)}\nonetwo`,
      'evolution: wanted each name once in an object',
    ],
    ['no JSON', 'hello\n', 'evolution: wanted JSON, found text that is not'],
    [
      'no end of the index',
      JSON.stringify(good),
      'evolution: wanted its index, a line of at most 8388608 bytes',
    ],
    ['nothing but a line', '\n', 'evolution: wanted JSON'],
  ];
  for (const [what, raw, message] of raws) {
    test(what, async () => expect(await refusal(await forge(text(raw)))).toContain(message));
  }

  const paths = [
    ...[
      '',
      '.',
      '..',
      '../x',
      'a/../../x',
      '/etc/passwd',
      'C:\\x',
      'a\\..\\b',
      'a//b',
      'a/',
      'a.',
      'a /b',
      'a\0b',
    ],
    ...[
      'a\nb',
      'a:stream',
      'CON',
      'nul',
      'COM1',
      'aux.txt',
      'lib/LPT1.js',
      '~/../x',
      '\ud800',
      'x'.repeat(256),
    ],
    Array(400).fill('xx').join('/'),
    `${'y/'.repeat(600)}z`,
  ];
  for (const hostile of paths) {
    test(`the path ${JSON.stringify(hostile).slice(0, 40)}`, async () => {
      const message = await refusal(await withIndex(index(entry(hostile))));
      expect(message).toStartWith('evolution.files[0].path: wanted a relative path of plain names, found "');
    });
  }
});

describe('what an archive may come to is bounded', () => {
  test('before anything is decompressed, by what it says', async () => {
    const bomb = await zstdFrame(new Uint8Array(MAX_UNPACKED + 1), { level: 1, windowLog: 24 });
    expect(bomb.length).toBeLessThan(10_000);
    const header = (size: number) => {
      const bytes = Buffer.from('DGMOEVO1\0\0\0\0');
      bytes.writeUInt32LE(size, 8);
      return bytes;
    };
    const archive = (size: number) => new Uint8Array(Buffer.concat([header(size), bomb]));
    expect(await refusal(archive(MAX_UNPACKED + 1))).toBe(
      'evolution: wanted 1 to 67108864 bytes of index and contents, found 67108865',
    );
    expect(await refusal(archive(2 ** 32 - 1))).toContain('found 4294967295');
    expect(await refusal(archive(0))).toContain('found 0');
    // The header says little, the frame says more.
    expect(await refusal(archive(1000))).toBe(
      'the archive of the evolution is not a whole zstd frame: it holds 67108865 bytes, wanted 1000',
    );
  });

  test('while it is decompressed, where the frame says less than it holds', async () => {
    const raw = new Uint8Array(1 << 20);
    const archive = await forge(raw);
    const lying = Buffer.from(archive);
    // Frame header of a single segment, RFC 8878 section 3.1.1.1: magic, descriptor, then the size in four bytes.
    expect([lying.readUInt8(16) >> 6, lying.readUInt32LE(17)]).toEqual([2, 1 << 20]);
    lying.writeUInt32LE(70_000, 17);
    lying.writeUInt32LE(70_000, 8);
    expect(await refusal(new Uint8Array(lying))).toStartWith('the archive of the evolution ');
  });

  test('by its window', async () => {
    const raw = new Uint8Array(40 << 20);
    raw.set(text(`${JSON.stringify(index(entry('a')))}\n`));
    expect(await refusal(await forge(raw, { windowLog: 25 }))).toContain(
      'its window is 33554432 bytes, at most 16777216 are possible',
    );
  });

  test('by its own length', async () => {
    const long = new Uint8Array(MAX_UNPACKED + (1 << 20) + 1);
    long.set(text('DGMOEVO1'));
    expect(await refusal(long)).toBe('evolution: wanted at most 68157440 bytes, found 68157441');
  });

  test('by the number of files', async () => {
    const names = Array.from(
      { length: MAX_EVOLUTION_FILES + 1 },
      (_, at) => `f${String(at).padStart(5, '0')}`,
    );
    const files = names.map((name): EvolutionFile => ({ path: name, mode: 0o644, bytes: text(name) }));
    const most = files.slice(0, MAX_EVOLUTION_FILES);
    expect((await decodeEvolution(await encodeEvolution({ ...EVOLUTION, files: most }))).files).toHaveLength(
      4096,
    );
    await expect(encodeEvolution({ ...EVOLUTION, files })).rejects.toThrow(
      'a list of 1 to 4096, found a list of 4097',
    );
    const line = index(...names.map((name) => entry(name)));
    expect(await refusal(await withIndex(line))).toContain('a list of 1 to 4096, found a list of 4097');
  });

  test('by the index', async () => {
    const raw = new Uint8Array((8 << 20) + 2).fill(0x20);
    raw[raw.length - 1] = 0x0a;
    expect(await refusal(await forge(raw))).toContain('wanted its index, a line of at most 8388608 bytes');
  });

  test('the largest one goes in, and one byte more does not', async () => {
    const room = MAX_UNPACKED - text(`${JSON.stringify(index(entry('a')))}\n`).length;
    const draft = (size: number) => {
      const files: EvolutionFile[] = [{ path: 'a', mode: 0o644, bytes: new Uint8Array(size) }];
      return { id: 'search', version: '1.2.0', files };
    };
    // The size takes eight digits where that of the empty file took one.
    const largest = room - 7;
    const { files } = await decodeEvolution(await encodeEvolution(draft(largest)));
    expect(files[0]?.bytes.length).toBe(largest);
    await expect(encodeEvolution(draft(largest + 1))).rejects.toThrow(
      'evolution: wanted 1 to 67108864 bytes of index and contents, found 67108865',
    );
  });
});
