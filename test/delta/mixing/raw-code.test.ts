/** Code that no header tells of. */
import { expect, test } from 'bun:test';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { randomBytes, randomNumbers } from '../pairs.ts';
import { apply, make } from '../support.ts';

const SIZE = 0x14000;
const [DATA, CODE] = [0x3000, 0x11000];

/** In the later version this is added in the middle of the code. */
const [MIDDLE, ADDED] = [0xa000, 64];

/** Noise, and calls in between, each to one of the functions, which begin at every 256 bytes. */
function firmware(step: number, call: (file: Buffer, at: number, to: number) => void, later = false): Buffer {
  const noise = Buffer.from(randomBytes(SIZE, 5));
  const added = later ? [randomBytes(ADDED, 9)] : [];
  const file = Buffer.concat([noise.subarray(0, MIDDLE), ...added, noise.subarray(MIDDLE)]);
  const place = (at: number) => (later && at >= MIDDLE ? at + ADDED : at);
  const next = randomNumbers(6);
  for (let at = DATA; at < CODE; at += step) call(file, place(at), place(DATA + 256 * (next() % 200)));
  return file;
}

const KINDS = { arm64: 2, arm: 13, riscv: 15, x86: 12, thumb: 34 };
/** Those of code of 32 bits, whose data has pointers of 4 bytes. */
const NARROW = [KINDS.arm, KINDS.x86, KINDS.thumb];
const machines = [
  {
    kind: KINDS.arm64,
    step: 64,
    call: (file: Buffer, at: number, to: number) =>
      file.writeUInt32LE((0x94000000 | (((to - at) >> 2) & 0x3ffffff)) >>> 0, at),
  },
  {
    kind: KINDS.arm,
    step: 64,
    call: (file: Buffer, at: number, to: number) =>
      file.writeUInt32LE((0xeb000000 | (((to - at - 8) >> 2) & 0xffffff)) >>> 0, at),
  },
  {
    kind: KINDS.riscv,
    step: 128,
    call: (file: Buffer, at: number, to: number) => {
      const by = to - at;
      const bits = ((by & 0x7fe) << 20) | ((by & 0x800) << 9) | (by & 0xff000) | (by < 0 ? 0x80000000 : 0);
      file.writeUInt32LE((bits | 0xef) >>> 0, at);
    },
  },
  {
    kind: KINDS.x86,
    step: 64,
    call: (file: Buffer, at: number, to: number) => {
      file.writeUInt8(0xe8, at);
      file.writeInt32LE(to - at - 5, at + 1);
    },
  },
  {
    kind: KINDS.thumb,
    step: 64,
    call: (file: Buffer, at: number, to: number) => {
      const by = to - at - 4;
      file.writeUInt16LE(0xf000 | ((by >> 12) & 0x7ff), at);
      file.writeUInt16LE(0xf800 | ((by >> 1) & 0x7ff), at + 2);
    },
  },
];

test.each(machines)(
  'code of kind $kind is found by its calls, and what surrounds it is data',
  ({ kind, step, call }) => {
    const { regions, span } = regionsOf(firmware(step, call), true);
    const data = NARROW.includes(kind) ? 11 : 4;
    const kinds: number[] = regions.map((each) => each.kind);
    expect(kinds).toEqual([data, kind, data]);
    expect(regions.map(({ offset, address }) => offset - address)).toEqual([0, 0, 0]);
    expect([regions[1]?.offset, regions[2]?.offset, span]).toEqual([DATA, CODE, SIZE]);
  },
);

test('code of 64 bits is told by the prefixes of its moves', () => {
  const file = firmware(64, (bytes, at, to) => {
    machines[3]?.call(bytes, at, to);
    bytes.writeUInt16LE(0x8948, at + 8);
  });
  expect(regionsOf(file, true).regions.map(({ kind }) => kind)).toEqual([4, 1, 4]);
});

test('noise and calls out of the file are no code', () => {
  expect(regionsOf(randomBytes(1 << 20, 3), true).regions).toEqual([]);
  const [arm64] = machines;
  const file = firmware(64, (bytes, at, to) => arm64?.call(bytes, at, to + SIZE));
  expect(regionsOf(file, true).regions).toEqual([]);
});

test('a large file is looked at here and there first, and in full where that finds code', () => {
  const [arm64] = machines;
  const code = firmware(64, (bytes, at, to) => arm64?.call(bytes, at, to)).subarray(DATA, CODE);
  const times = 16;
  const all = Buffer.concat([
    ...Array.from({ length: times }, () => code),
    randomBytes(5 * times * code.length, 4),
  ]);
  expect(regionsOf(all, true).regions).toMatchObject([{ kind: KINDS.arm64, offset: 0 }, { kind: 4 }]);
});

test('its patch is smaller than by bsdiff', async () => {
  const [arm64] = machines;
  const made = (later: boolean) =>
    Uint8Array.from(firmware(64, (bytes, at, to) => arm64?.call(bytes, at, to), later));
  const [old, fresh] = [made(false), made(true)];
  const patch = await make(old, fresh);
  expect(Buffer.compare(await apply(patch, old), fresh)).toBe(0);
  expect(patch.length).toBeLessThan((await make(old, fresh, { algorithm: 'bsdiff' })).length / 2);
});

test('where most is new, and not as the references of the old code say, the patch knows no code', async () => {
  const riscV = machines[2];
  const size = 0x14000;
  /** Instructions of few kinds, and every fourth a call. */
  const code = (seed: number) => {
    const [next, words] = [randomNumbers(seed), randomNumbers(3)];
    const others = Array.from({ length: 64 }, () => ((words() & ~0xfff) | 0x13) >>> 0);
    const file = Buffer.alloc(size);
    for (let at = 0; at < size; at += 4) {
      if (next() % 4 === 0) riscV?.call(file, at, 256 * (next() % (size / 256)));
      else file.writeUInt32LE(others[next() % 64] ?? 0, at);
    }
    return file;
  };
  const old = code(1);
  const fresh = Buffer.concat([old.subarray(0, 0x6000), code(2).subarray(0x6000)]);
  const patch = await make(old, fresh);
  expect(Buffer.compare(await apply(patch, old), fresh)).toBe(0);
  // 14,919 bytes since code of RISC-V is in words, with references as well; 17,068 before.
  expect(patch.length).toBeLessThan(15_000);
});

test('where Thumb code is loaded is told by pointers to functions', () => {
  const thumb = machines[4];
  for (const [base, count] of [
    [0x8004000, 40],
    [0, 4],
  ] as const) {
    const file = firmware(64, (bytes, at, to) => thumb?.call(bytes, at, to));
    for (let i = 0; i < 60; i++) file.writeUInt16LE(0xb570, DATA + 256 * i + 32);
    for (let i = 0; i < count; i++)
      file.writeUInt32LE(0x8004000 + DATA + 256 * ((i * 7) % 60) + 33, 0x100 + 4 * i);
    const image = regionsOf(file, true);
    expect(image.base).toBe(BigInt(base));
    expect(image.regions.map(({ kind }) => Number(kind))).toEqual([11, KINDS.thumb, 11]);
    expect(image.regions[1]?.bases?.[0]).toBe(image.regions[1]?.bases?.[1]);
  }
});
