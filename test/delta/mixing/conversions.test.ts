/** What is modelled in another form than it has: converted before, and back. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { REGION_KINDS } from '../../../lib/delta/mixing/containers/image.ts';
import { convertRegions, RestoredFile } from '../../../lib/delta/mixing/conversions/converted.ts';
import { alignEnds } from '../../../lib/delta/mixing/conversions/ends.ts';
import { same } from '../both-decoders.ts';
import { convert } from '../reference/converted.ts';
import { codeRecords } from './native-images.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
type Converted = Parameters<typeof convertRegions>[1][number];

function restored(file: Uint8Array, regions: Converted[], piece: number): Uint8Array {
  const restoring = new RestoredFile(regions);
  const made: Uint8Array[] = [];
  for (let at = 0; at < file.length; at += piece)
    made.push(...restoring.take(file.subarray(at, at + piece)).map((each) => each.slice()));
  return Uint8Array.from(Buffer.concat(made));
}

test('words of arm64 have their highest byte first, and where BL and ADRP go is absolute', () => {
  const words = [
    // What is before the first whole word, and a word that is no instruction of these.
    ['ffee', 'ffee'],
    ['1f2003d5', 'd503201f'],
    // BL from 0x10008 to 8 bytes on, and from 0x1000c to 4 bytes back.
    ['02000094', '94004004'],
    ['ffffff97', '94004002'],
    // B and ADR are left as they are.
    ['02000014', '14000002'],
    ['21000030', '30000021'],
    // ADRP to the fifth page behind.
    ['210000b0', 'b00000a1'],
    // No whole word.
    ['aabbcc', 'aabbcc'],
  ];
  const file = bytes(words.map(([plain]) => plain).join(''));
  const region = { kind: REGION_KINDS.armWords, offset: 0, size: file.length, address: 0x10002 };
  convertRegions(file, [region]);
  expect(Buffer.from(file).toString('hex')).toBe(words.map(([, made]) => made).join(''));
});

/** By kind: words (as numbers) and what they become, at 0x10000 and the multiples of 4 behind it. */
const WORDS: readonly [kind: Converted['kind'], isBig: boolean, words: [plain: number, made: number][]][] = [
  [
    REGION_KINDS.arm32,
    false,
    [
      // MOV. BL; BL that depends on a condition, and B.
      [0xe3a00001, 0xe3a00001],
      [0xeb000001, 0xeb004002],
      [0x0b000001, 0x0b000001],
      [0xeafffffe, 0xeafffffe],
      // LDR r1 of the word at 0x10028, LDR r2 of the one behind it, which both are sums; then a word that r3 has, which is none.
      [0xe59f1010, 0xe59f1010],
      [0xe59f2010, 0xe59f2010],
      [0xe59f3010, 0xe59f3010],
      [0xe08f1001, 0xe08f1001],
      [0xe79f0002, 0xe79f0002],
      [0xe04f3003, 0xe04f3003],
      [0xffffff00, 0x0000ff24],
      [0xeb000000, 0xeb010028],
      [0xeb000000, 0xeb00400c],
    ],
  ],
  [
    REGION_KINDS.arm32,
    false,
    [
      // BL to itself; LDR r1 of the last word, to which PC is added twice.
      [0xebfffffe, 0xeb003ffe],
      [0xe59f1004, 0xe59f1004],
      [0xe08f1001, 0xe08f1001],
      [0xe08f2001, 0xe08f2001],
      [0x00000001, 0x00010011],
    ],
  ],
  [
    REGION_KINDS.powerBased,
    false,
    [
      // BL 8 bytes back; B, BLA, ADDI.
      [0x4bfffff9, 0x4800fff9],
      [0x48000008, 0x48000008],
      [0x48000009 | 2, 0x48000009 | 2],
      [0x38600001, 0x38600001],
    ],
  ],
  [
    REGION_KINDS.powerBig,
    true,
    [
      [0x38600001, 0x38600001],
      [0x48000001, 0x48010005],
    ],
  ],
  [
    REGION_KINDS.mips,
    false,
    [
      [0x0c004000, 0x0c004000],
      [0x24020001, 0x24020001],
    ],
  ],
  [
    REGION_KINDS.loongArch,
    false,
    [
      // BL 4 bytes back, B; PCALAU12I one page back, PCADDU12I.
      [0x57ffffff, 0x54fffc00],
      [0x50000400, 0x50000400],
      [0x1bffffe4, 0x1a0001e4],
      [0x1c000004, 0x1c000004],
    ],
  ],
];

test.each(WORDS)('of kind %p', (kind, isBig, words) => {
  const file = new Uint8Array(4 * words.length);
  const view = new DataView(file.buffer);
  for (const [index, [plain]] of words.entries()) view.setUint32(4 * index, plain, !isBig);
  const region = { kind, offset: 0, size: file.length, address: 0x10000, inWords: true as const };
  const before = file.slice();
  convertRegions(file, [region]);
  expect(words.map((_, index) => view.getUint32(4 * index).toString(16))).toEqual(
    words.map(([, made]) => made.toString(16)),
  );
  same(restored(file, [region], 5), before);
});

test('of RISC-V and s390x, whose instructions have several sizes', () => {
  const { riscV, s390 } = REGION_KINDS;
  const convert = (kind: Converted['kind'], address: number, plain: string, made: string) => {
    const file = bytes(plain);
    const region = { kind, offset: 0, size: file.length, address, inWords: true as const };
    convertRegions(file, [region]);
    expect(Buffer.from(file).toString('hex')).toBe(made.replaceAll(' ', ''));
    for (const piece of [1, 3, 100]) same(restored(file, [region], piece), bytes(plain));
  };
  // C.NOP; JAL ra, 8 bytes on; the same of another register; AUIPC with LD, with SD, with what takes another; no whole pair.
  const before = '0100 ef008000 6f008000 17050000 03350501 17050000 23380500';
  const after = '0100 ef00a100 6f008000 17050100 0335a501 17050100 23310502';
  convert(riscV, 0x10000, `${before} 17050000 03b50501 17050000`, `${after} 17050000 03b50501 17050000`);
  convert(riscV, 0x1ffff, 'ff ef008000', 'ff ef008200');
  // AUIPC and ADDI, 8 bytes back.
  convert(riscV, 0x10000, '17050000 130585ff', '17050100 130585ff');
  convert(riscV, 0x10008, '17050000 130585ff', '17050100 13050500');
  convert(riscV, 0x10804, '17050000 13054500', '17150100 13058580');
  // LR; BRASL, BRCL, LARL, LGRL; LAY; no whole instruction.
  convert(
    s390,
    0x10000,
    '1822 c0e500000002 c0e400000002 c02000000002 c42800000002 e32000000071 c0e500',
    '1822 c0e500008003 c0e400000002 c02000008009 c4280000800c e32000000071 c0e500',
  );
});

test('of Thumb, whose words that are loaded are no instructions', () => {
  const convert = (address: number, plain: string, made: string) => {
    const file = bytes(plain);
    const region = {
      ...{ kind: REGION_KINDS.thumb, offset: 0, size: file.length, address },
      inWords: true as const,
    };
    convertRegions(file, [region]);
    expect(Buffer.from(file).toString('hex')).toBe(made.replaceAll(' ', ''));
    for (const piece of [1, 3, 100]) same(restored(file, [region], piece), bytes(plain));
  };
  // NOP; BL to the next one, BL to itself, from an address that ends with 2; B.W; BL without a whole second half.
  convert(0x10000, '00bf 00f000f8 fff7feff 00f000b8 00f0', 'bf00 f010f803 f010f803 f000b800 00f0');
  // From a byte that is before the first one.
  convert(0x1ffff, 'ff 00f000f8', 'ff f020f802');
  // BLX is from a multiple of 4 on; what has BLX's first half and no such bit is nothing.
  convert(0x10002, '00f000e8 00f001e8', 'f010e802 f000e801');
  convert(0x10000, 'fff7feff', 'f010f800');
  // As far as BL reaches, and around.
  convert(0x10000, 'fff3ffd7', 'f410d001');
  // LDR r0 and r9 of words, ADD PC to both and again to r0; LDR r2 of one that nothing is added to; B; these words, and what is no more.
  convert(
    0x10000,
    '0348 dff81090 7844 f944 7844 024a 00bf 01000000 02000000 00f000f8 00f000f8',
    '4803 f8df9010 4478 44f9 4478 4a02 bf00 0001000b 0001000e f800f000 f010f810',
  );
  // A word that is loaded again; one that would not be at a multiple of 4.
  convert(0x10000, '0148 7844 0049 00bf 01000000', '4801 4478 4900 bf00 00010007');
  convert(0x10000, 'dff80200 00bf 00f000f8', 'f8df0002 bf00 f010f805');
});

test('code without headers ends where it ended, whatever is behind it', () => {
  const { thumb, words, text, data, pointers, wordsBig } = REGION_KINDS;
  const file = (kind: Converted['kind'], code: number) => [
    { kind: thumb, offset: 0, size: code, address: 0, inWords: true as const },
    { kind, offset: code, size: 8192 - code, address: code },
  ];
  const aligned = [{ newStart: 0, oldStart: 0, length: 8192 }];
  const sizes = (kind: Converted['kind']) =>
    alignEnds(file(kind, 4096), file(kind, 5120), aligned).map(({ size }) => size);
  for (const kind of [words, text, data, pointers]) expect(sizes(kind)).toEqual([4096, 4096]);
  expect(sizes(wordsBig)).toEqual([5120, 3072]);
});

test('any bytes come back, in whatever pieces, and the second decoder converts them alike', () => {
  const word = fc.oneof(
    fc.nat(0xffffffff),
    fc.nat(0x3ffffff).map((to) => (0x94000000 | to) >>> 0),
    fc.nat(0xffffff).map((to) => (0xb0000000 | to) >>> 0),
    fc.nat(0xffffff).map((to) => (0xeb000000 | to) >>> 0),
    fc.nat(0x3ffffff).map((to) => (0x48000000 | to) >>> 0),
    fc.nat(0x3ffffff).map((to) => (0x54000000 | to) >>> 0),
    fc.nat(0x1ffffff).map((to) => (0x1a000000 | to) >>> 0),
    fc.nat(0xfffff).map((to) => ((to << 12) | 0xef) >>> 0),
    fc.nat(0xfffff).map((to) => ((to << 12) | 0x517) >>> 0),
    fc.nat(0xfff).map((to) => ((to << 20) | 0x53503) >>> 0),
    fc.constantFrom(0x00a52023, 0x00a52823, 0xe5c01822, 0xc0e5, 0x28c4),
    // LDR of a word that is not far, of one of two registers, and what adds PC to it.
    fc.nat(0x101f).map((to) => (0xe59f0000 | (to & 0x103c)) >>> 0),
    fc.constantFrom(0xe08f0000, 0xe08f1001, 0xe79f0000, 0xe79f2001),
    // Of Thumb: BL and BLX; LDR of either size; ADD with NOP.
    fc.nat(0x2fff07ff).map((to) => ((to & 0x2fff07ff) | 0xd000f000) >>> 0),
    fc.nat(0x2ffe07ff).map((to) => ((to & 0x2ffe07ff) | 0xc000f000) >>> 0),
    fc.nat(0x11f).map((to) => 0x44784800 | (to & 0x11f)),
    fc.nat(0x101f).map((to) => 0x0000f8df | ((to & 0x101f) << 16)),
    fc.constantFrom(0x4478bf00, 0xbf004479, 0x447844f8),
  );
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.integer({ min: 0, max: 400 }).map((size) => codeRecords(true).subarray(0, size)),
    fc.uint32Array({ maxLength: 100 }).map((all) => new Uint8Array(all.buffer, 0, all.byteLength)),
    fc.array(word, { maxLength: 100 }).map((all) => new Uint8Array(Uint32Array.from(all).buffer)),
  );
  const others = WORDS.map(([kind]) => ({ kind, inWords: true as const }));
  const form = fc.constantFrom(
    { kind: REGION_KINDS.codeRecords },
    { kind: REGION_KINDS.armWords },
    ...[REGION_KINDS.mipsBased, REGION_KINDS.riscV, REGION_KINDS.s390, REGION_KINDS.thumb].map((kind) => ({
      kind,
      inWords: true as const,
    })),
    ...others,
  );
  const address = fc.oneof(fc.nat(40), fc.nat(0xffffffff));
  const part = fc.record({ content, form, address }).map(({ form, ...rest }) => ({ ...rest, ...form }));
  fc.assert(
    fc.property(part, part, fc.integer({ min: 1, max: 60 }), (first, second, piece) => {
      const file = Uint8Array.from([1, 2, 3, ...first.content, ...second.content, 4, 5]);
      const regions = [
        { ...first, offset: 3, size: first.content.length },
        { ...second, offset: 3 + first.content.length, size: second.content.length },
      ].filter(({ size }) => size > 0);
      const made = file.slice();
      convertRegions(made, regions);
      same(restored(made, regions, piece), file);
      const image = {
        ...{ span: 0, base: 0n, goBases: [], dwarf: [] },
        regions: regions.map((each) => ({ ...each, bases: [0, 0] as const })),
      };
      same(convert(file, image, false), made);
      same(convert(made, image, true), file);
    }),
    { numRuns: 600 },
  );
});
