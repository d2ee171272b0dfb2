/** Two lanes: each makes its part of the new file by itself, in a thread of its own or one after the other. */
import { afterEach, describe, expect, spyOn, test } from 'bun:test';
import os from 'node:os';
import { isHashes } from '../../../lib/delta/mixing/containers/image.ts';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { LightBulk } from '../../../lib/delta/mixing/light.ts';
import { DamagedError, MachineError } from '../../../lib/errors.ts';
import { HelperThread } from '../../../lib/platform/threads/helper-thread.ts';
import { comesBack, same } from '../both-decoders.ts';
import { assemble } from '../forge.ts';
import { randomBytes } from '../pairs.ts';
import { type PlainPatch, parse } from '../reference.ts';
import { apply, failure, make } from '../support.ts';
import { samples } from './executables.ts';

const inLanes = async (old: Uint8Array, fresh: Uint8Array, applyLimit?: number) => {
  const limit = applyLimit === undefined ? {} : { applyLimit };
  const patch = await make(old, fresh, { algorithm: 'mixing', lanesFrom: 0, ...limit });
  expect(parse(patch).streams).toHaveLength(3);
  return patch;
};
const NAMES = [
  'elf-x86-64',
  'mach-o-arm64',
  'native-image',
  'mach-o-native-image',
  'wasm',
  'script',
  'go-riscv',
];
const some = samples().filter(({ name }) => NAMES.includes(name));
const [sample] = some;

const spies: { mockRestore(): void }[] = [];
afterEach(() => {
  for (const spy of spies.splice(0)) spy.mockRestore();
});
/** Without a second processor, no thread is started. */
function withoutThreads(): void {
  spies.push(spyOn(os, 'availableParallelism').mockReturnValue(1));
}

/** The other thread ends where its script has this line. */
function endingBefore(line: string): void {
  const start = HelperThread.start.bind(HelperThread);
  const started = (script: string, data: unknown) =>
    start(line === '' ? 'throw new Error("no")' : script.replace(line, 'throw new Error("no")'), data);
  spies.push(spyOn(HelperThread, 'start').mockImplementation(started));
}

test('there are samples', () => {
  expect(some.map(({ name }) => name)).toEqual(NAMES);
});

describe.each(some)('$name', ({ old, fresh }) => {
  test('comes back by both decoders, with threads and without', async () => {
    const patch = await inLanes(old, fresh);
    await comesBack(patch, old, fresh);
    withoutThreads();
    same(await apply(patch, old), fresh);
    same(await inLanes(old, fresh), patch);
  });
});

test('one of them has digests of pages, which are computed when both lanes are done', () => {
  const { regions } = regionsOf(some[1]?.fresh ?? new Uint8Array(), true);
  expect(regions.some(({ kind }) => isHashes(kind))).toBe(true);
});

test('files that are given as a Buffer are not written to', async () => {
  const { old = new Uint8Array(), fresh = new Uint8Array() } = some[1] ?? {};
  const given = [Buffer.from(old), Buffer.from(fresh)] as const;
  same(await apply(await inLanes(...given), old), fresh);
  same(given[0], old);
  same(given[1], fresh);
});

test.each([
  [16384, null],
  [0, MachineError],
])('where a memory may have no more than %d pages', async (most, refused) => {
  const [{ old, fresh } = { old: new Uint8Array(), fresh: new Uint8Array() }] = some;
  const patch = await inLanes(old, fresh);
  const { Memory } = WebAssembly;
  const limited = class extends Memory {
    constructor(wanted: WebAssembly.MemoryDescriptor) {
      if ((wanted.maximum ?? 0) > most) throw new RangeError('Out of memory');
      super(wanted);
    }
  };
  Reflect.set(WebAssembly, 'Memory', limited);
  spies.push({ mockRestore: () => Reflect.set(WebAssembly, 'Memory', Memory) });
  if (refused === null) same(await apply(patch, old), fresh);
  else expect(await failure(apply(patch, old))).toBeInstanceOf(refused);
});

test('bulk is taken by both lanes, and by this thread if the other one ends', async () => {
  const { old = new Uint8Array(), fresh = new Uint8Array() } = sample ?? {};
  const parts = [
    randomBytes(5000, 1),
    fresh,
    randomBytes(5000, 2),
    fresh.slice().reverse(),
    randomBytes(9000, 3),
  ];
  const wanted = Uint8Array.from(Buffer.concat(parts));
  const patch = await inLanes(old, wanted, 9000);
  expect(parse(patch).streams.at(-1)?.rawSize).toBeGreaterThan(19_000);
  await comesBack(patch, old, wanted);
  const restored = spyOn(LightBulk.prototype, 'restore');
  spies.push(restored);
  endingBefore('tell(2, due)');
  same(await apply(patch, old), wanted);
  expect(restored).toHaveBeenCalledTimes(1);
  withoutThreads();
  same(await apply(patch, old), wanted);
});

test.each([
  ['at once', ''],
  ['when it was about to tell that it is done', 'tell(2, due)'],
])('a thread that ends %s is done without', async (_, line) => {
  const { old = new Uint8Array(), fresh = new Uint8Array() } = sample ?? {};
  const patch = await inLanes(old, fresh);
  endingBefore(line);
  same(await apply(patch, old), fresh);
  same(await inLanes(old, fresh), patch);
});

describe('a second lane that is not as it was made', () => {
  const { old = new Uint8Array(), fresh = new Uint8Array() } = sample ?? {};
  const made = inLanes(old, fresh);
  const withSecond = async (change: (stream: Uint8Array) => Uint8Array): Promise<Buffer> => {
    const plain: PlainPatch = parse(await made);
    const frame = change(Uint8Array.from(plain.streams[1]?.frame ?? []));
    plain.streams[1] = { rawSize: frame.length, frame };
    return assemble(plain);
  };
  const flipped = (at: number) => (stream: Uint8Array) =>
    stream.map((byte, i) => (i === at ? byte ^ 4 : byte));

  test.each([
    ['with a byte at its end', (stream: Uint8Array) => Uint8Array.from([...stream, 0])],
    ['without its last byte', (stream: Uint8Array) => stream.slice(0, -1)],
    ['of one byte', (stream: Uint8Array) => stream.slice(0, 1)],
    ['with another first byte', flipped(0)],
    ['with another byte in it', flipped(40)],
  ])('%s', async (_, change) => {
    const patch = await withSecond(change);
    expect(await failure(apply(patch, old))).toBeInstanceOf(DamagedError);
    withoutThreads();
    expect(await failure(apply(patch, old))).toBeInstanceOf(DamagedError);
  });

  test('that is empty', async () => {
    const patch = await withSecond(() => new Uint8Array(0));
    await expect(apply(patch, old)).rejects.toThrow('its second lane is empty');
  });
});
