/** A document with its own digest: written as it always was, and refused when anything in it has changed. */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { DamagedError } from '../../lib/errors.ts';
import { decodeSealed, encodeSealed } from '../../lib/format/sealed-json.ts';

const damaged = (what: string) => new DamagedError(`the note is damaged: ${what}`);
const decode = (bytes: Uint8Array, limit = 10_000) => decodeSealed(bytes, 'note', limit, damaged);
const VALUE = { text: 'ü \udcff "quoted"', list: [1, null, { deep: true }] };

describe('a sealed document', () => {
  test('is read as it was written', () => {
    for (const value of [VALUE, null, 0, '', [], {}])
      expect<unknown>(decode(encodeSealed('note', value, 1))).toEqual(value);
  });

  test.each([
    ['receipt-v1/installed.json', 'receipt', 2],
    ['receipt-v2/installed.json', 'receipt', 2],
    ['snapshot-v1/snapshots/20231114-221320-892a.json', 'snapshot', 1],
  ] as const)('is written byte for byte as %s was', (file, field, indent) => {
    const bytes = fs.readFileSync(path.join(import.meta.dir, '../vectors', file));
    expect(
      Buffer.from(encodeSealed(field, decodeSealed(bytes, field, bytes.length, damaged), indent)),
    ).toEqual(bytes);
  });

  test('with any one bit flipped is refused, or says the same', () => {
    const bytes = encodeSealed('note', VALUE, 1);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      try {
        expect<unknown>(decode(flipped)).toEqual(VALUE);
      } catch (error) {
        expect(error).toBeInstanceOf(DamagedError);
      }
    }
  });

  const digest = '0'.repeat(64);
  test.each([
    ['', 'wanted JSON'],
    ['[]', 'wanted an object'],
    ['null', 'wanted an object'],
    [`{"digest":"${digest}"}`, 'note: wanted a value, found nothing'],
    ['{"note":1}', 'digest: wanted 64 lower-case hex digits, found nothing'],
    ['{"note":1,"digest":1}', 'digest: wanted 64 lower-case hex digits, found 1'],
    [`{"note":1,"digest":"${digest}"}`, `but it says ${digest}`],
    [`{"note":1,"digest":"${digest}","more":1}`, 'wanted no fields but note, digest'],
    [`{"note":1,"note":2,"digest":"${digest}"}`, 'found "note" twice'],
    ['\ufeff{}', 'wanted JSON'],
  ])('is refused: %j', (text, why) => {
    expect(() => decode(new TextEncoder().encode(text))).toThrow(/^the note is damaged: /);
    expect(() => decode(new TextEncoder().encode(text))).toThrow(why);
  });

  test('that is longer than it may be is refused unread', () => {
    expect(() => decode(encodeSealed('note', 'x'.repeat(50), 0), 60)).toThrow('wanted at most 60 bytes');
  });
});
