/** The algorithm `mixing`: what it encodes comes back, by both decoders, and nothing else does. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { applyPatch, type PatchHeader, readPatchHeader } from '../../../lib/delta/index.ts';
import { alignFunctions } from '../../../lib/delta/mixing/alignments/functions.ts';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { memorySource } from '../../../lib/platform/files.ts';
import { comesBack, same } from '../both-decoders.ts';
import { assemble } from '../forge.ts';
import { adversarialPairs, randomBytes, randomNumbers } from '../pairs.ts';
import { parse } from '../reference.ts';
import { apply, failure, make } from '../support.ts';
import {
  DIRECTORIES,
  dart,
  elf,
  elfSymbols,
  elfWithDebug,
  elfWithUnwinding,
  machO,
  machOWithParts,
  machOWithSymbols,
  pe,
  type Sample,
  samples,
  universal,
} from './executables.ts';
import { goElf } from './other-executables.ts';
import { goWasmModule, wasmModule } from './wasm-modules.ts';

const headerOf = (patch: Uint8Array): PatchHeader => readPatchHeader(memorySource(patch));

const SAMPLES = samples();
const patches = new Map<Sample, Promise<Uint8Array>>();

/** The patch of a sample, which is made once for all tests. */
function patchOf(sample: Sample): Promise<Uint8Array> {
  const patch = patches.get(sample) ?? make(sample.old, sample.fresh);
  patches.set(sample, patch);
  return patch;
}

describe.each(SAMPLES)('$name', (sample) => {
  const { old, fresh } = sample;
  test('is made smaller than bsdiff makes it, and applies by both decoders', async () => {
    const bsdiff = await make(old, fresh, { algorithm: 'bsdiff' });
    const patch = await patchOf(sample);
    expect(headerOf(patch).algorithm).toBe('mixing');
    expect(patch.length).toBeLessThan(bsdiff.length * 0.8);
    await comesBack(patch, old, fresh);
  });
});

test('references are what makes executables small', async () => {
  for (const sample of SAMPLES) {
    const { name, old, fresh } = sample;
    if (['script', 'bundle', 'elf-unknown'].includes(name)) continue;
    const patch = await patchOf(sample);
    const plain = { old: Uint8Array.from(old), fresh: Uint8Array.from(fresh) };
    // Not an executable any more: no headers, and nothing that ends the files of Bun, so no addresses.
    for (const file of [plain.old, plain.fresh]) {
      file[0] = file[file.length - 1] = 2;
      const bytes = Buffer.from(file.buffer);
      for (const magic of ['MZ', '\x7fELF', '\xcf\xfa\xed\xfe', '\xca\xfe\xba\xbe'])
        for (let at = bytes.indexOf(magic, 0, 'latin1'); at >= 0; at = bytes.indexOf(magic, at, 'latin1'))
          bytes[at] = 2;
    }
    // Distances and absolute addresses that all change by the same are no riddle without the headers either.
    const least = name === 'elf-arm' || name.endsWith('-pointer') ? 0.9 : 0.75;
    expect(patch.length).toBeLessThan((await make(plain.old, plain.fresh)).length * least);
  }
});

test('of little, the smaller one of the second and the third model makes the patch without the fourth one', async () => {
  const ways = new Map<string, number>();
  for (const { name, old, fresh } of SAMPLES) {
    if (name === 'elf-power' || name === 'elf-x86-64')
      ways.set(name, (await make(old, fresh, { fourthBelow: 0 }))[4] ?? 0);
  }
  expect(Object.fromEntries(ways)).toEqual({ 'elf-power': 4, 'elf-x86-64': 6 });
});

test('what a word became is said of all words that have its hash', async () => {
  const next = randomNumbers(5);
  const lines = Array.from({ length: 300 }, () => [next() % 100_000, next() % 100_000]);
  const text = (called: string) =>
    Buffer.from(lines.map(([a, b]) => `let x = ${called}(${a});\nif (fjbaacx(${b})) return;\n`).join(''));
  // Words of seven letters were tried until two had one hash, 0xd045ded3.
  const [old, fresh] = [text('dfhvcoq'), text('shorter')];
  const patch = await make(old, fresh, { algorithm: 'mixing' });
  await comesBack(patch, old, fresh);
});

describe('pairs that are hard on a differ', () => {
  const pairs = adversarialPairs().filter(({ fresh }) => fresh.length > 0);
  test.each(pairs)('$name', async ({ old, fresh }) => {
    const patch = await make(old, fresh, { algorithm: 'mixing' });
    same(await apply(patch, old), fresh);
  });
});

test('any two small files', async () => {
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ max: 3, maxLength: 300 }));
  await fc.assert(
    fc.asyncProperty(bytes, bytes, async (old, fresh) => {
      const patch = await make(old, fresh, { algorithm: 'mixing' });
      await comesBack(patch, old, fresh);
    }),
    { numRuns: 25 },
  );
});

test('a file larger than the window of the decoder', async () => {
  const piece = randomBytes(1 << 20, 9);
  const old = new Uint8Array(13 << 20);
  for (let at = 0; at < old.length; at += piece.length) old.set(piece, at);
  for (let at = 0; at < old.length; at += 1 << 19) old[at] = at >> 19;
  const fresh = Uint8Array.from(old);
  const next = randomNumbers(4);
  for (let i = 0; i < 300; i++) fresh[next() % fresh.length] = next() & 255;
  const patch = await make(old, fresh, { algorithm: 'mixing' });
  expect(headerOf(patch).algorithm).toBe('mixing');
  same(await apply(patch, old), fresh);
});

describe('the limit on what is modelled', () => {
  const old = randomBytes(3000, 1);
  const fresh = elf('x86', true);

  test('sends the rest to the other stream', async () => {
    const patch = await make(old, fresh, { algorithm: 'mixing', applyLimit: 1000 });
    const { algorithm, streams } = headerOf(patch);
    expect(algorithm).toBe('mixing');
    expect(streams[1]?.rawSize).toBeGreaterThan(fresh.length * 0.9);
    await comesBack(patch, old, fresh);
  });

  test('leaves to it what takes the most for its bytes, whatever its length', async () => {
    const old = elf('x86', false);
    const bsdiff = await make(old, fresh, { algorithm: 'bsdiff' });
    const patch = await make(old, fresh, { applyLimit: 600 });
    expect(headerOf(patch).algorithm).toBe('mixing');
    expect(patch.length).toBeLessThan(bsdiff.length);
    await comesBack(patch, old, fresh);
  });

  test('makes a patch of bsdiff if nothing keeps within it', async () => {
    expect(headerOf(await make(old, fresh, { applyLimit: 0 })).algorithm).toBe('bsdiff');
  });
});

test('a table of functions is aligned by the functions, in whatever order they are', () => {
  // Ten functions of 100 bytes, then their table; the later file has the last five first.
  const regions = [{ offset: 0, size: 1000, address: 0, kind: 1 as const }];
  const records = Array.from({ length: 10 }, (_, i) => ({
    address: 100 * i,
    offset: 1000 + 12 * i,
    size: 12,
  }));
  const tables = [{ offset: 1000, size: 120, records }];
  const image = { regions, base: 0n, span: 2000, tables, goBases: [] };
  const code = [
    { newStart: 0, oldStart: 500, length: 500 },
    { newStart: 500, oldStart: 0, length: 500 },
  ];
  expect(alignFunctions(image, image, [...code, { newStart: 1000, oldStart: 1000, length: 120 }])).toEqual([
    ...code,
    { newStart: 1000, oldStart: 1060, length: 60 },
    { newStart: 1060, oldStart: 1000, length: 60 },
  ]);
});

test('tables of functions with names are taken out of what is aligned, in whatever pieces that is', () => {
  const regions = [{ offset: 0, size: 1000, address: 0, kind: 1 as const }];
  const imageWith = (places: number[]) => {
    const tables = places.map((offset, index) => ({
      key: `table ${index}`,
      offset,
      size: 120,
      records: Array.from({ length: 10 }, (_, i) => ({
        address: 100 * i,
        offset: offset + 12 * i,
        size: 12,
      })),
    }));
    return { regions, base: 0n, span: 4000, tables, goBases: [] };
  };
  const same = (start: number, end: number) => ({
    newStart: start,
    oldStart: start,
    length: end - start,
  });
  const pieces = [same(0, 1000), same(1000, 1050), same(1050, 1150), same(1150, 1350)];
  const moved = (start: number, end: number) => ({ ...same(start, end), oldStart: start + 2000 });
  expect(alignFunctions(imageWith([3000, 3200]), imageWith([1000, 1200]), pieces)).toEqual([
    same(0, 1000),
    moved(1000, 1120),
    same(1120, 1200),
    moved(1200, 1320),
    same(1320, 1350),
  ]);
});

test('the table of functions of a PE executable is found by its directory', () => {
  const file = pe(true);
  expect(regionsOf(file, true).tables).toMatchObject([{ offset: 0x5000, size: 12 * 164 }]);
  file.fill(0, DIRECTORIES, DIRECTORIES + 4);
  expect(regionsOf(file, true).tables).toEqual([]);
});

test('the files in a universal one are laid out one behind the other', async () => {
  const [old, fresh] = [universal(false), universal(true)];
  const { regions, span } = regionsOf(fresh, true);
  expect(regions.map(({ offset, address, kind }) => ({ offset, address, kind }))).toEqual([
    { offset: 0x2000, address: 0, kind: 2 },
    { offset: 0x6000, address: 0x8000, kind: 51 },
    // Hashes: of the pages before an offset of the whole file.
    { offset: 0x8000 + 20 + 48, address: 0x8000, kind: 7 },
    { offset: 0x2000 + 0x8000, address: 0x10000, kind: 2 },
    { offset: 0x6000 + 0x8000, address: 0x18000, kind: 51 },
    { offset: 0x8000 + 20 + 48 + 0x8000, address: 0x8000 + 0x8000, kind: 7 },
  ]);
  expect(span).toBe(0x1f000);
  const patch = await make(old, fresh);
  await comesBack(patch, old, fresh);
});

test('symbols and debug information of ELF, which are not loaded, have addresses behind all that is', async () => {
  const [old, fresh] = [elfWithDebug(false), elfWithDebug(true)];
  const { regions } = regionsOf(fresh, true);
  const [data, symbols, debug] = regions.slice(-3);
  expect([symbols?.kind, debug?.kind]).toEqual([4, 19]);
  expect(symbols?.address).toBeGreaterThanOrEqual((data?.address ?? 0) + (data?.size ?? 0));
  expect(debug?.address).toBeGreaterThanOrEqual((symbols?.address ?? 0) + (symbols?.size ?? 0));
  // Without sections nothing is known of them.
  const bare = [old, fresh].map((file) => Uint8Array.from(file).fill(0, 60, 62)) as [Uint8Array, Uint8Array];
  expect((await make(old, fresh)).length).toBeLessThan((await make(...bare)).length);
});

test('chained pointers of Mach-O are references, in whichever of two forms they are', async () => {
  const kinds = (['offsets', 'addresses', 'plain'] as const).map((form) => {
    const { regions } = regionsOf(machO(false, form), false);
    return regions.map(({ kind }) => kind);
  });
  // Offsets are relative to the headers, which lie before the base here.
  expect(kinds).toEqual([
    [2, 51],
    [2, 25],
    [2, 4],
  ]);
  const [offsets = 0, addresses = 0] = await Promise.all(
    (['offsets', 'addresses'] as const).map(
      async (form) => (await make(machO(false, form), machO(true, form))).length,
    ),
  );
  // What is there besides says in which form they are.
  expect(addresses).toBeLessThan(offsets + 40);
});

test('the hashes of pages are not sent', async () => {
  const [old, fresh] = [machO(false), machO(true)];
  const changed = Uint8Array.from(fresh);
  // One that is not the hash of its page: then all are sent.
  changed[0x7000 + 20 + 48] = (changed[0x7000 + 20 + 48] ?? 0) ^ 1;
  const [right, wrong] = [await make(old, fresh), await make(old, changed)];
  expect(right.length + 100).toBeLessThan(wrong.length);
  same(await apply(wrong, old), changed);
});

describe('headers of executables that are malformed', () => {
  const files = [
    elf('x86', false),
    elf('arm', true),
    pe(false),
    machO(false),
    universal(false),
    elfWithUnwinding(false),
    elfSymbols(false),
    machOWithSymbols(true),
    machOWithParts(false),
    dart(false),
    wasmModule(false),
    goWasmModule(true),
    goElf('arm', false),
    goElf('s390x', true),
  ];

  test('are no error, and the patch applies', async () => {
    const header = fc.array(fc.tuple(fc.nat(0x400), fc.nat(255)), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.nat(files.length - 1), header, header, async (index, changes, others) => {
        const [old, fresh] = [changes, others].map((edits) => {
          const file = Uint8Array.from(files[index] ?? []);
          for (const [at, byte] of edits) file[at] = byte;
          return file;
        }) as [Uint8Array, Uint8Array];
        const patch = await make(old, fresh, { algorithm: 'mixing' });
        same(await apply(patch, old), fresh);
      }),
      { numRuns: 30 },
    );
  });

  test('cut off anywhere, are read without an error', () => {
    for (const file of files) {
      for (let size = 0; size < 0x400; size += 7) {
        for (const { offset, size: bytes } of regionsOf(file.subarray(0, size), true).regions) {
          expect(offset + bytes).toBeLessThanOrEqual(size);
        }
      }
    }
  });
});

test('another old file is refused by its digest before anything is written', async () => {
  const [{ old, fresh }] = SAMPLES as [Sample];
  const patch = memorySource(await make(old, fresh, { algorithm: 'mixing' }));
  const write = () => expect.unreachable();
  // With the second one, what is decoded is malformed before that.
  for (const every of [old.length, 3]) {
    const wrong = Uint8Array.from(old, (byte, at) => (at % every === 1 ? byte ^ 5 : byte));
    const error = await failure(applyPatch({ patch, old: memorySource(wrong), write }));
    expect(error).toBeInstanceOf(DamagedError);
    expect((error as DamagedError).message).toContain('the old file is not the one this patch was made from');
  }
});

test('another old file that was not verified, and what the caller throws', async () => {
  const [sample] = SAMPLES as [Sample];
  const { old } = sample;
  const patch = memorySource(await patchOf(sample));
  const wrong = Uint8Array.from(old, (byte, at) => (at % 50 === 7 ? byte ^ 5 : byte));
  const write = () => undefined;
  const error = await failure(applyPatch({ patch, old: memorySource(wrong), write, verifyOld: false }));
  expect(error).toBeInstanceOf(DamagedError);
  const thrown = new Error('ENOSPC');
  const fail = () => {
    throw thrown;
  };
  expect(await failure(applyPatch({ patch, old: memorySource(old), write: fail }))).toBe(thrown);
  expect(await failure(applyPatch({ patch, old: memorySource(old), write, checkpoint: fail }))).toBe(thrown);
});

describe('a patch made to deceive', () => {
  const forged = SAMPLES.map((sample) => ({
    ...sample,
    get patch() {
      return patchOf(sample);
    },
  }));

  /** `patch` with another stream `model`, all checksums right. */
  function withModel(patch: Uint8Array, change: (model: Uint8Array) => Uint8Array): Uint8Array {
    const plain = parse(patch);
    const [model, ...rest] = plain.streams;
    const frame = change(Uint8Array.from(model?.frame ?? []));
    return assemble({ ...plain, streams: [{ rawSize: frame.length, frame }, ...rest] });
  }

  async function refused(patch: Uint8Array, old: Uint8Array): Promise<string> {
    const error = await failure(apply(patch, old));
    expect(error).toBeInstanceOf(DamagedError);
    return (error as DamagedError).message;
  }

  test('the forger changes nothing if there is nothing to change', async () => {
    const { old, patch } = forged[0] as (typeof forged)[0];
    expect(
      Buffer.compare(
        withModel(await patch, (model) => model),
        await patch,
      ),
    ).toBe(0);
    await apply(await patch, old);
  });

  test('in any byte, is refused, or makes the same file', async () => {
    let refusals = 0;
    let tries = 0;
    for (const { old, fresh, patch } of forged) {
      const bytes = await patch;
      const size = parse(bytes).streams[0]?.rawSize ?? 0;
      for (let at = 0; at < size; at += at < 100 ? 9 : 61) {
        const changed = withModel(bytes, (model) => {
          model[at] = (model[at] ?? 0) ^ (1 << (at % 8));
          return model;
        });
        tries++;
        const outcome = await apply(changed, old).catch((error) => error);
        if (outcome instanceof Uint8Array) same(outcome, fresh);
        else expect(outcome).toBeInstanceOf(DamagedError);
        if (outcome instanceof DamagedError) refusals++;
      }
    }
    // Some numbers change nothing, such as an address that nothing refers to.
    expect(refusals).toBeGreaterThan(tries * 0.8);
  });

  test('out of noise', async () => {
    for (let seed = 1; seed < 40; seed++) {
      const { old, patch } = forged[seed % forged.length] as (typeof forged)[0];
      await refused(
        withModel(await patch, (model) => {
          const noise = randomBytes(20 + seed * 9, seed);
          noise.set(model.subarray(0, seed % 20));
          return noise;
        }),
        old,
      );
    }
  });

  test('cut off, or longer', async () => {
    const { old, patch } = forged[0] as (typeof forged)[0];
    const bytes = await patch;
    expect(
      await refused(
        withModel(bytes, (model) => model.subarray(0, -1)),
        old,
      ),
    ).toContain('malformed');
    expect(
      await refused(
        withModel(bytes, (model) => Buffer.concat([model, Buffer.of(0)])),
        old,
      ),
    ).toContain('malformed');
    expect(
      await refused(
        withModel(bytes, () => new Uint8Array(1)),
        old,
      ),
    ).toContain('malformed');
  });
});
