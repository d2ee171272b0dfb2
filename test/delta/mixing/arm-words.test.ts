/** Code of arm64 in converted words. */
import { describe, expect, test } from 'bun:test';
import { REGION_KINDS } from '../../../lib/delta/mixing/containers/image.ts';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { comesBack, same } from '../both-decoders.ts';
import { randomNumbers } from '../pairs.ts';
import { applyPlainly } from '../reference.ts';
import { make } from '../support.ts';
import { elf } from './executables.ts';
import { elfWithPointer } from './halves-executables.ts';
import { otherElf } from './other-executables.ts';

const joined = (...parts: Uint8Array[]) =>
  Uint8Array.from(Buffer.concat(parts.flatMap((part) => [part, new Uint8Array(-part.length & 15)])));
const arm = (later: boolean) => elf('arm', later);

const [CALL, BRANCH] = [0x94000000, 0x14000000];

/** A program in whose code there are new calls of a few functions, or branches to them. */
function withCalls(operation: number): Uint8Array {
  const file = arm(true);
  const region = regionsOf(file, true).regions.find(({ kind }) => kind === REGION_KINDS.arm);
  if (region === undefined) throw new Error('it has no code');
  const view = new DataView(file.buffer);
  const next = randomNumbers(7);
  for (let into = 0x400; into < 0x1000; into += 4) {
    const distance = 4096 * (1 + (next() % 12)) - (region.address + into);
    view.setUint32(region.offset + into, operation + ((distance >> 2) & 0x3ffffff), true);
  }
  return file;
}

test('calls of the same function are the same wherever they are', async () => {
  const [calls, branches] = [withCalls(CALL), withCalls(BRANCH)];
  const [ofCalls, ofBranches] = [await make(arm(false), calls), await make(arm(false), branches)];
  same(applyPlainly(ofCalls, arm(false)), calls);
  same(applyPlainly(ofBranches, arm(false)), branches);
  expect(ofCalls.length).toBeLessThan(0.75 * ofBranches.length);
});

const OTHERS: Readonly<Record<string, (later: boolean) => Uint8Array>> = {
  'LoongArch, which has references of the same kinds': (later) => otherElf('loongarch', later),
  'MIPS, which has too': (later) => elfWithPointer('mips', later),
  'POWER, the highest byte first': (later) => elfWithPointer('power', later),
  'x86-64': (later) => elf('x86', later),
};

describe.each(Object.entries(OTHERS))('beside code of %s', (_, other) => {
  test.each([{ fourthBelow: 0 }, {}, { lanesFrom: 0 }])('with %p', async (options) => {
    for (const isFirst of [true, false]) {
      const parts = (later: boolean) => (isFirst ? [arm(later), other(later)] : [other(later), arm(later)]);
      const [old, fresh] = [joined(...parts(false)), joined(...parts(true))];
      const patch = await make(old, fresh, { algorithm: 'mixing', ...options });
      await comesBack(patch, old, fresh);
    }
  });
});

test('of only one of both files, or where other code was', async () => {
  const [before, after] = [elf('x86', false), arm(true)];
  for (const [old, fresh] of [
    [before, after],
    [after, before],
  ] as const) {
    const patch = await make(old, fresh, { algorithm: 'mixing' });
    await comesBack(patch, old, fresh);
  }
});
