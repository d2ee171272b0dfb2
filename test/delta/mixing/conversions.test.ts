/** What is modelled in another form than it has: converted before, and back. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { REGION_KINDS } from '../../../lib/delta/mixing/containers/image.ts';
import { convertRegions, RestoredFile } from '../../../lib/delta/mixing/conversions/converted.ts';
import { convert } from '../reference/converted.ts';
import { codeRecords } from './native-images.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const same = (a: Uint8Array, b: Uint8Array) => expect(Buffer.compare(a, b)).toBe(0);
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

test('any bytes come back, in whatever pieces, and the second decoder converts them alike', () => {
  const word = fc.oneof(
    fc.nat(0xffffffff),
    fc.nat(0x3ffffff).map((to) => (0x94000000 | to) >>> 0),
    fc.nat(0xffffff).map((to) => (0xb0000000 | to) >>> 0),
  );
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.integer({ min: 0, max: 400 }).map((size) => codeRecords(true).subarray(0, size)),
    fc.uint32Array({ maxLength: 100 }).map((all) => new Uint8Array(all.buffer, 0, all.byteLength)),
    fc.array(word, { maxLength: 100 }).map((all) => new Uint8Array(Uint32Array.from(all).buffer)),
  );
  const kind = fc.constantFrom(REGION_KINDS.codeRecords, REGION_KINDS.armWords);
  const part = fc.record({ content, kind, address: fc.oneof(fc.nat(40), fc.nat(0xffffffff)) });
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
    { numRuns: 300 },
  );
});
