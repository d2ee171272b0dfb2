/** Patches between files of firmware. */
import { describe, expect, test } from 'bun:test';
import { unpackPair } from '../../../lib/delta/deflate/encode.ts';
import { imagesOf } from '../../../lib/delta/mixing/choices/images.ts';
import { REGION_KINDS } from '../../../lib/delta/mixing/containers/image.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { both, same } from '../both-decoders.ts';
import { assemble, varint, zstd } from '../forge.ts';
import { samples } from '../mixing/executables.ts';
import { applyPlainly, packedNumbers, parse } from '../reference.ts';
import { apply, failure, make } from '../support.ts';
import {
  BASE,
  firmwareParts,
  firmwareSamples,
  intelHexFile,
  sRecordFile,
  thumbImage,
  uf2File,
} from './firmware-files.ts';

describe.each(firmwareSamples())('$name', ({ old, fresh }) => {
  test('comes back by both decoders, also in two lanes, and with fast steps', async () => {
    for (const options of [{}, { lanesFrom: 0, fourthBelow: 0 }, { isFast: () => true }]) {
      const { header } = await both(old, fresh, { algorithm: 'mixing', ...options });
      expect(header.streams[0]?.name).toBe('packed');
    }
  });

  test('takes a fifth of what its records would take', async () => {
    const { patch } = await both(old, fresh);
    const packed = await make(old, fresh, { algorithm: 'bsdiff' });
    expect(5 * patch.length).toBeLessThan(packed.length);
  });
});

/** The same image in another form costs hardly more than none of it. */
const FORMS: readonly (readonly [what: string, file: (later: boolean) => Uint8Array])[] = [
  ['Intel HEX', (later) => intelHexFile(firmwareParts(later))],
  ['Intel HEX with longer lines', (later) => intelHexFile(firmwareParts(later), '\n', 37)],
  ['S-records', (later) => sRecordFile(firmwareParts(later), '\n', 32)],
  ['UF2', (later) => uf2File(firmwareParts(later))],
  ['no records', (later) => Buffer.concat(firmwareParts(later).map(({ bytes }) => bytes))],
];
const PAIRS = FORMS.map(([from, old], index) => {
  const [to, fresh] = FORMS[(index + 1) % 4] ?? [from, old];
  return { from, old, to, fresh };
});

test.each(PAIRS)('from $from to $to', async ({ old, fresh }) => {
  const { patch } = await both(Uint8Array.from(old(false)), Uint8Array.from(fresh(true)));
  expect(patch.length).toBeLessThan(1700);
});

describe('a file comes back', () => {
  const lines = intelHexFile(firmwareParts(true), '\n').toString().split('\n');
  const half = Math.floor(lines.length / 2);
  const line = lines[half] ?? '';
  const wrong = `${line.slice(0, -1)}${line.endsWith('0') ? '1' : '0'}`;
  test.each<[what: string, file: string]>([
    ['with a damaged checksum', lines.with(half, wrong).join('\n')],
    ['without the end of its last line', lines.join('\n').slice(0, -1)],
    ['with comments', lines.with(half, `; a comment\n${line}`).join('\n')],
    ['with an end of another kind in a line', lines.with(half, `${line}\r`).join('\n')],
    ['with a line in lower case', lines.with(half, line.toLowerCase()).join('\n')],
    [
      'with lines in both cases',
      lines.map((each) => `${each.slice(0, 20)}${each.slice(20).toLowerCase()}`).join('\n'),
    ],
    ['with its lines backwards', [...lines].reverse().join('\n')],
    ['with all lines twice', lines.map((each) => `${each}\n${each}`).join('\n')],
    ['that looks like one', lines.map((each) => `${each}0`).join('\n')],
  ])('%s', async (_, file) => {
    const old = Uint8Array.from(intelHexFile(firmwareParts(false), '\n'));
    await both(old, Uint8Array.from(Buffer.from(file)));
    const back = await make(Uint8Array.from(Buffer.from(file)), old);
    same(await apply(back, Uint8Array.from(Buffer.from(file))), old);
  });
});

test('one byte that is another one takes no more than it would between the files as they are', async () => {
  const old = Uint8Array.from(uf2File(firmwareParts(false)));
  const fresh = old.with(5000, (old[5000] ?? 0) ^ 1);
  const patch = await make(old, fresh);
  expect(patch.length).toBeLessThan(130);
  same(await apply(patch, old), fresh);
});

describe('code is', () => {
  const imageOf = (file: (later: boolean) => Uint8Array) => {
    const [old, fresh] = [Uint8Array.from(file(false)), Uint8Array.from(file(true))];
    return imagesOf(old, fresh, unpackPair(old, fresh)).fresh;
  };
  const codeIn = (file: (later: boolean) => Uint8Array) => {
    const { base, regions } = imageOf(file);
    return regions
      .filter(({ kind }) => kind === REGION_KINDS.thumb)
      .map(({ address }) => Number(base) + address);
  };

  test.each(FORMS.slice(0, 4))('where its records say: %s', (_, file) => {
    expect(codeIn(file)).toEqual([BASE]);
  });

  test('behind the first one, if both are for the same addresses', () => {
    const twice = (later: boolean) => {
      const other = { address: BASE, bytes: thumbImage(later, BASE + 4096).subarray(0, 20_000) };
      return Buffer.concat([intelHexFile(firmwareParts(later)), uf2File([other])]);
    };
    const places = codeIn(twice);
    expect(places[0]).toBe(BASE);
    expect(places).toHaveLength(2);
    expect((places[1] ?? 1) % 65_536).toBe(0);
    expect(places[1]).toBeGreaterThan(BASE + 20_000);
  });

  test('in an executable that has firmware within as well', () => {
    const elf = samples().find(({ name }) => name === 'elf-x86-64');
    if (elf === undefined) throw new Error('the sample is missing');
    const file = (later: boolean) =>
      Buffer.concat([later ? elf.fresh : elf.old, intelHexFile(firmwareParts(later))]);
    expect(file(true).length).toBeLessThan(2 * intelHexFile(firmwareParts(true)).length);
    expect(imageOf(file).regions.some(({ kind }) => kind === REGION_KINDS.x86)).toBe(true);
  });
});

describe('a patch is refused', () => {
  const [sample] = firmwareSamples();
  if (sample === undefined) throw new Error('a sample is missing');
  const { old, fresh } = sample;
  let patch: Promise<Uint8Array> | undefined;
  const forged = async (change: (numbers: number[]) => number[]) => {
    patch ??= make(old, fresh);
    const plain = parse(await patch);
    const numbers = change(packedNumbers(plain));
    const raw = Buffer.from(numbers.flatMap(varint));
    return assemble({
      ...plain,
      streams: [{ rawSize: raw.length, frame: zstd(raw) }, ...plain.streams.slice(1)],
    });
  };
  const added = (at: number, by: number) => (numbers: number[]) =>
    numbers.with(at, (numbers.at(at) ?? 0) + by);

  test('with the list that it had it is not', async () => {
    same(await apply(await forged((numbers) => numbers), old), fresh);
  });

  // How many, where, bytes, 0, who, bytes unpacked.
  test.each<[what: string, change: (numbers: number[]) => number[], why: RegExp]>([
    ['old records begin late', added(1, 1), /size of an old stream/],
    ['they end early', added(2, -1), /no run of Intel HEX at byte 0/],
    ['they hold more', added(5, 1), /no run of Intel HEX at byte 0/],
    ['they hold less', added(5, -1), /no run of Intel HEX at byte 0/],
    ['they are of another format', added(4, 1), /no run of S-records at byte 0/],
    ['old records are made by nobody', added(4, 3), /who made an old stream/],
    ['new records are made by nobody', (numbers) => numbers.with(-4, 5), /who made a new stream/],
    ['they are of another format', (numbers) => numbers.with(-4, 4).with(-2, 0), /table of records/],
    ['they are compressed', (numbers) => numbers.with(-3, 1), /by Intel HEX with level 1/],
    ['they look like nothing', (numbers) => numbers.with(-2, 4), /level 0 and memory 4, which there is not/],
    ['they look otherwise', (numbers) => numbers.with(-2, 0), /SHA-256|bytes/],
    ['they end early', added(-5, -1), /less follows than its records have/],
    ['they begin late', added(-6, 1), /what a new stream holds/],
  ])('if %s', async (_, change, why) => {
    const wrong = await forged(change);
    const error = await failure(apply(wrong, old));
    expect(error).toBeInstanceOf(DamagedError);
    expect(String(error)).toMatch(why);
    // The second decoder does not look at digests.
    if (!why.test('SHA-256')) expect(() => applyPlainly(wrong, old)).toThrow();
  });
});
