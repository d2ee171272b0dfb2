/** The pieces of the WebAssembly module, each held against a few plain lines. */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';

interface Exports {
  memory: WebAssembly.Memory;
  take(bytes: number): number;
  mark(): number;
  release(mark: number): void;
  suffixSortWords(text: number, count: number, sa: number): number;
  findRuns(
    old: number,
    oldSize: number,
    fresh: number,
    newSize: number,
    minimum: number,
    out: number,
  ): number;
  commonPrefix(a: number, aSize: number, b: number, bSize: number): number;
  extendForward(a: number, b: number, limit: number): number;
  extendBackward(a: number, b: number, limit: number): number;
  splitOverlap(left: number, right: number, b: number, size: number): number;
}

const file = path.join(import.meta.dir, '..', '..', 'lib', 'delta', 'delta.wasm');
const wasm = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(file)))
  .exports as unknown as Exports;

/** Puts byte arrays into the module's memory for as long as `use` runs. */
function withBytes<T>(all: Uint8Array[], use: (...addresses: number[]) => T): T {
  const mark = wasm.mark();
  const addresses = all.map((bytes) => {
    const address = wasm.take(bytes.length) >>> 0;
    new Uint8Array(wasm.memory.buffer, address, bytes.length).set(bytes);
    return address;
  });
  try {
    return use(...addresses);
  } finally {
    wasm.release(mark);
  }
}

const words = (values: Uint8Array) => values.subarray(0, values.length & ~3);
const letters = fc
  .tuple(fc.constantFrom(1, 2, 4, 256), fc.uint8Array({ maxLength: 400 }))
  .map(([alphabet, bytes]) => bytes.map((byte) => byte % alphabet));

test('suffixes at multiples of four come out in the order of their bytes', () => {
  fc.assert(
    fc.property(letters.map(words), (text) => {
      const count = text.length / 4;
      const sorted = withBytes([text, new Uint8Array(text.length)], (address = 0, sa = 0) => {
        expect(wasm.suffixSortWords(address, count, sa)).toBe(1);
        return [...new Uint32Array(wasm.memory.buffer, sa, count)];
      });
      const wanted = Array.from({ length: count }, (_, i) => i).sort((a, b) =>
        Buffer.compare(text.subarray(a * 4), text.subarray(b * 4)),
      );
      expect(sorted).toEqual(wanted);
    }),
    { numRuns: 1000 },
  );
});

test('runs are identical, long enough, ascending and disjoint', () => {
  const long = fc
    .uint8Array({ minLength: 300, maxLength: 600 })
    .map((bytes) => bytes.map((byte) => byte % 3));
  fc.assert(
    fc.property(long, long, fc.nat(299), (old, other, cut) => {
      const fresh = Uint8Array.from(Buffer.concat([other.subarray(0, cut), old.subarray(cut), old]));
      const out = new Uint8Array(12 * (fresh.length / 100 + 1));
      const found = withBytes([old, fresh, out], (a = 0, b = 0, to = 0) => {
        const count = wasm.findRuns(a, old.length, b, fresh.length, 100, to);
        return [...new Uint32Array(wasm.memory.buffer, to, count * 3)];
      });
      expect(found.length).toBeGreaterThan(0);
      let end = 0;
      for (let i = 0; i < found.length; i += 3) {
        const [newAt = 0, oldAt = 0, length = 0] = found.slice(i, i + 3);
        expect(newAt).toBeGreaterThanOrEqual(end);
        expect(length).toBeGreaterThanOrEqual(100);
        expect(fresh.slice(newAt, newAt + length)).toEqual(old.slice(oldAt, oldAt + length));
        end = newAt + length;
      }
    }),
    { numRuns: 200 },
  );
});

const pairOfBytes = fc.integer({ min: 0, max: 100 }).chain((size) => {
  const bytes = fc.uint8Array({ minLength: size, maxLength: size }).map((all) => all.map((byte) => byte % 2));
  return fc.tuple(bytes, bytes);
});
const equals = (a: Uint8Array, b: Uint8Array) => Array.from(a, (byte, i) => (byte === b[i] ? 1 : -1));
/** The first index with the highest sum of what is before it. */
function summit(steps: number[]): number {
  let [sum, most, best] = [0, 0, 0];
  for (const [i, step] of steps.entries()) {
    sum += step;
    if (sum > most) [most, best] = [sum, i + 1];
  }
  return best;
}

test('extensions end where equal bytes less unequal ones are the most', () => {
  fc.assert(
    fc.property(pairOfBytes, ([a, b]) => {
      const size = a.length;
      const steps = equals(a, b);
      withBytes([a, b], (x = 0, y = 0) => {
        expect(wasm.extendForward(x, y, size)).toBe(summit(steps));
        expect(wasm.extendBackward(x + size, y + size, size)).toBe(summit(steps.toReversed()));
        const unequal = steps.indexOf(-1);
        expect(wasm.commonPrefix(x, size, y, size)).toBe(unequal < 0 ? size : unequal);
      });
    }),
    { numRuns: 1000 },
  );
});

test('an overlap is split where both sides together have the most equal bytes', () => {
  fc.assert(
    fc.property(pairOfBytes, fc.uint8Array({ minLength: 100, maxLength: 100 }), ([left, right], more) => {
      const bytes = more.subarray(0, left.length).map((byte) => byte % 2);
      const [l, r] = [equals(left, bytes), equals(right, bytes)];
      const found = withBytes([left, right, bytes], (x = 0, y = 0, z = 0) =>
        wasm.splitOverlap(x, y, z, bytes.length),
      );
      expect(found).toBe(summit(l.map((step, i) => (step - (r[i] ?? 0)) / 2)));
    }),
    { numRuns: 1000 },
  );
});

test('memory that was given back is taken again', () => {
  const mark = wasm.mark();
  const first = wasm.take(100);
  wasm.release(mark);
  expect(wasm.take(100)).toBe(first);
  wasm.release(mark);
});
