/** Code of machines other than arm64 in converted words. */
import { describe, expect, test } from 'bun:test';
import { isCode, REGION_KINDS } from '../../../lib/delta/mixing/containers/image.ts';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { randomNumbers } from '../pairs.ts';
import { applyPlainly } from '../reference.ts';
import { apply, make } from '../support.ts';
import { elf } from './executables.ts';
import { elfWithPointer, xcoff } from './halves-executables.ts';
import { otherElf } from './other-executables.ts';
import { thumbElf } from './thumb-executables.ts';

const same = (a: Uint8Array, b: Uint8Array) => expect(Buffer.compare(a, b)).toBe(0);

const MACHINES: Readonly<Record<string, (later: boolean) => Uint8Array>> = {
  arm: (later) => otherElf('arm', later),
  'arm, loaded anywhere': (later) => otherElf('arm-anywhere', later),
  LoongArch: (later) => otherElf('loongarch', later),
  MIPS: (later) => otherElf('mips', later),
  'MIPS with a register': (later) => elfWithPointer('mips', later),
  POWER: (later) => elfWithPointer('power', later),
  'POWER, the highest byte first': xcoff,
  'RISC-V': (later) => otherElf('riscv', later),
  'RISC-V with calls of two instructions': (later) => otherElf('riscv-far', later),
  s390x: (later) => otherElf('s390x', later),
  Thumb: (later) => thumbElf(0, later),
  'Thumb with a fixed address': (later) => thumbElf(0x10000, later),
};

describe.each(Object.entries(MACHINES))('%s', (_, file) => {
  test.each([{ fourthBelow: 0 }, {}, { lanesFrom: 0 }, { isFast: (index: number) => index % 2 === 0 }])(
    'with %p',
    async (options) => {
      const [old, fresh] = [file(false), file(true)];
      const patch = await make(old, fresh, { algorithm: 'mixing', ...options });
      same(await apply(patch, old), fresh);
      same(applyPlainly(patch, old), fresh);
    },
  );

  test('of only one of both files', async () => {
    const [before, after] = [elf('x86', false), file(true)];
    for (const [old, fresh] of [
      [before, after],
      [after, before],
    ] as const) {
      const patch = await make(old, fresh, { algorithm: 'mixing' });
      same(await apply(patch, old), fresh);
      same(applyPlainly(patch, old), fresh);
    }
  });
});

/** Words that are put into code that had others, at so many bytes into it, which is at that address. */
type Change = (into: number, address: number, next: () => number) => number;

function changed(file: Uint8Array, change: Change): Uint8Array {
  const region = regionsOf(file, true).regions.find(({ kind }) => isCode(kind));
  if (region === undefined) throw new Error('it has no code');
  const view = new DataView(file.buffer);
  const next = randomNumbers(7);
  const isLittle = region.kind !== REGION_KINDS.powerBig;
  for (let into = 0x400; into < 0xc00; into += 4)
    view.setUint32(region.offset + into, change(into, region.address + into, next), isLittle);
  return file;
}

/** One of a few functions, by how many words it is from there. */
const distance = (address: number, next: () => number) => ((next() % 12) * 4096 - address) >> 2;

/** fadds, fadd, mflr, bctr. */
const POWER_FILL = [0xec22182a, 0xfc22182a, 0x7c0802a6, 0x4e800420];

const CALLS: Readonly<Record<string, [calls: Change, branches: Change]>> = {
  arm: [0xeb000000, 0xea000000].map(
    (operation): Change =>
      (_, address, next) =>
        operation + ((distance(address, next) - 2) & 0xffffff),
  ) as [Change, Change],
  POWER: [1, 0].map(
    (link): Change =>
      (_, address, next) =>
        POWER_FILL[next() % 8] ?? 0x48000000 + ((4 * distance(address, next)) & 0x3fffffc) + link,
  ) as [Change, Change],
  'POWER, the highest byte first': [1, 0].map(
    (link): Change =>
      (_, address, next) =>
        0x48000000 + ((4 * distance(address, next)) & 0x3fffffc) + link,
  ) as [Change, Change],
  // With the register that calls have, and with another.
  'RISC-V': [0xef, 0x3ef].map(
    (operation): Change =>
      (_, address, next) => {
        const to = 4 * distance(address, next);
        const high = ((to & 0x100000) << 11) | ((to & 0x7fe) << 20) | ((to & 0x800) << 9);
        return (high | (to & 0xff000) | operation) >>> 0;
      },
  ) as [Change, Change],
  // BL; B.W.
  Thumb: [0xd000, 0x9000].map(
    (second): Change =>
      (_, address, next) => {
        const halves = 2 * distance(address, next) - 2;
        const [sign, high] = [(halves >> 23) & 1, (((halves >> 21) & 3) ^ 3) & 3];
        const opposite = sign === 1 ? high ^ 3 : high;
        const first = 0xf000 | (sign << 10) | ((halves >> 11) & 0x3ff);
        const last = second | ((opposite & 2) << 12) | ((opposite & 1) << 11) | (halves & 0x7ff);
        return (first | (last << 16)) >>> 0;
      },
  ) as [Change, Change],
  LoongArch: [0x54000000, 0x50000000].map(
    (operation): Change =>
      (_, address, next) => {
        const words = distance(address, next);
        return operation + ((words & 0xffff) << 10) + ((words >> 16) & 0x3ff);
      },
  ) as [Change, Change],
};

test.each(Object.entries(CALLS))(
  'calls of the same function are the same: %s',
  async (name, [one, other]) => {
    const file = MACHINES[name];
    if (file === undefined) throw new Error('no such machine');
    const [calls, branches] = [changed(file(true), one), changed(file(true), other)];
    const [ofCalls, ofBranches] = [await make(file(false), calls), await make(file(false), branches)];
    same(applyPlainly(ofCalls, file(false)), calls);
    same(applyPlainly(ofBranches, file(false)), branches);
    expect(ofCalls.length).toBeLessThan(0.85 * ofBranches.length);
  },
);

test('words that PC is added to are the same in Thumb code', async () => {
  const withSums =
    (sum: number): Change =>
    (into, address, next) =>
      // LDR r1 of the word; the sum, a branch behind the word; the word.
      [0xbf004901, (sum | 0xe0010000) >>> 0, 4 * distance(address, next)][((into - 0x400) >> 2) % 3] ?? 0;
  const file = (later: boolean) => thumbElf(0, later);
  // ADD r1, PC; ADD r1, r14.
  const [added, others] = [changed(file(true), withSums(0x4479)), changed(file(true), withSums(0x4471))];
  const [ofAdded, ofOthers] = [await make(file(false), added), await make(file(false), others)];
  same(applyPlainly(ofAdded, file(false)), added);
  same(applyPlainly(ofOthers, file(false)), others);
  expect(ofAdded.length).toBeLessThan(0.85 * ofOthers.length);
});

test('words that PC is added to are the same wherever wherever they are', async () => {
  const withSums =
    (sum: number): Change =>
    (into, address, next) =>
      // LDR, the sum, a branch behind the word, the word.
      [0xe59f1004, sum, 0xea000000, 4 * distance(address, next)][(into >> 2) & 3] ?? 0;
  const file = (later: boolean) => otherElf('arm-anywhere', later);
  // ADD r1, PC, r1; SUB r1, PC, r1.
  const [added, others] = [
    changed(file(true), withSums(0xe08f1001)),
    changed(file(true), withSums(0xe04f1001)),
  ];
  const [ofAdded, ofOthers] = [await make(file(false), added), await make(file(false), others)];
  same(applyPlainly(ofAdded, file(false)), added);
  same(applyPlainly(ofOthers, file(false)), others);
  expect(ofAdded.length).toBeLessThan(0.85 * ofOthers.length);
});
