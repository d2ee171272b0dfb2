import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DamagedError, TrustError } from '../../lib/errors.ts';
import { preAuthEncoding } from '../../lib/trust/envelope.ts';
import { decodeRoot, openEnvelope, signEnvelope } from '../../lib/trust/index.ts';
import { STRANGER, TARGETS_KEYS, testKey, testRoot } from './keys.ts';

const TYPE = 'application/vnd.example+json';
const PAYLOAD = new TextEncoder().encode('{"hello":"world"}');
const [ONE, TWO, THREE] = [testKey(11), testKey(12), testKey(13)];
const twoOfThree = testRoot({ targets: TARGETS_KEYS, threshold: 2 });

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (value: string) => new TextEncoder().encode(value);

test('what is signed is the encoding of the DSSE protocol', () => {
  const encoded = preAuthEncoding('http://example.com/HelloWorld', bytes('hello world'));
  expect(text(encoded)).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  expect(text(preAuthEncoding('ü', bytes('')))).toBe('DSSEv1 2 ü 0 ');
});

describe('an envelope', () => {
  test('opens when the threshold of distinct keys signed it', () => {
    const opened = openEnvelope(signEnvelope(TYPE, PAYLOAD, [ONE, THREE]), TYPE, twoOfThree);
    expect(text(opened.payload)).toBe('{"hello":"world"}');
    expect(opened.signedBy).toEqual([ONE.id, THREE.id]);
  });

  test('opens beside the signatures of strangers', () => {
    const opened = openEnvelope(signEnvelope(TYPE, PAYLOAD, [STRANGER, TWO, ONE]), TYPE, twoOfThree);
    expect(opened.signedBy).toEqual([ONE.id, TWO.id]);
  });

  test('of the frozen vector still opens', () => {
    const vector = (name: string) => readFileSync(path.join(import.meta.dir, '../vectors/envelope', name));
    const root = decodeRoot(vector('root.json'));
    expect(root.roles).toEqual(twoOfThree.roles);
    expect(text(openEnvelope(vector('envelope.dsse'), TYPE, root).payload)).toBe('{"hello":"world"}');
  });

  const tooFew: [why: string, keys: typeof TARGETS_KEYS][] = [
    ['nobody signed', []],
    ['one of two signed', [ONE]],
    ['one signed twice', [ONE, ONE]],
    ['one and a stranger signed', [ONE, STRANGER]],
    ['root keys signed instead', [testKey(1), testKey(2)]],
  ];
  for (const [why, keys] of tooFew) {
    test(`stays shut when ${why}`, () => {
      expect(() => openEnvelope(signEnvelope(TYPE, PAYLOAD, keys), TYPE, twoOfThree)).toThrow(TrustError);
    });
  }

  test('says how many keys were wanted, how many found, and whose', () => {
    const short = (key: { id: string }) => key.id.slice(0, 12);
    expect(() => openEnvelope(signEnvelope(TYPE, PAYLOAD, [ONE, STRANGER]), TYPE, twoOfThree)).toThrow(
      `not trusted: wanted signatures by 2 of the 3 targets keys of root version 1 (${[ONE, TWO, THREE].map(short).join(', ')}), ` +
        `found 1 valid among those by ${short(ONE)}, ${short(STRANGER)}`,
    );
  });

  test('stays shut when a signature was made for another type or another payload', () => {
    const envelope = text(signEnvelope(TYPE, PAYLOAD, [ONE, TWO]));
    const otherType = envelope.replace(TYPE, 'application/vnd.exampls+json');
    expect(() => openEnvelope(bytes(otherType), 'application/vnd.exampls+json', twoOfThree)).toThrow(
      TrustError,
    );
    expect(() => openEnvelope(bytes(envelope), 'application/other', twoOfThree)).toThrow(
      `not trusted: wanted a signed document of type application/other, found one of type ${TYPE}`,
    );
    const payload = Buffer.from(PAYLOAD).toString('base64');
    const otherPayload = envelope.replace(payload, Buffer.from('{"hello":"wOrld"}').toString('base64'));
    expect(() => openEnvelope(bytes(otherPayload), TYPE, twoOfThree)).toThrow(TrustError);
  });

  test('stays shut when signatures are swapped between keys', () => {
    const envelope = text(signEnvelope(TYPE, PAYLOAD, [ONE, TWO]));
    const swapped = envelope.replace(ONE.id, 'x').replace(TWO.id, ONE.id).replace('"x"', `"${TWO.id}"`);
    expect(() => openEnvelope(bytes(swapped), TYPE, twoOfThree)).toThrow(TrustError);
  });
});

describe('an envelope that is written in another way is damaged', () => {
  const good = text(signEnvelope(TYPE, bytes('{"a":1}'), [ONE, TWO]));
  const [first = '', second = ''] = [...good.matchAll(/\{"keyid":"[^}]*\}/g)].map(([match]) => match);
  const cases: [how: string, envelope: string][] = [
    ['white space', good.replace(',', ', ')],
    ['a line feed at the end', `${good}\n`],
    ['fields in another order', good.replace(/^\{("payloadType":"[^"]*"),("payload":"[^"]*")/, '{$2,$1')],
    ['an escape in a string', good.replace('application', '\\u0061pplication')],
    ['a field more', good.replace(/\}$/, ',"x":1}')],
    ['a field twice', good.replace('{', `{"payloadType":"${TYPE}",`)],
    ['base64 without padding', good.replace('"payload":"eyJhIjoxfQ=="', '"payload":"eyJhIjoxfQ"')],
    ['base64 with spare bits', good.replace('"payload":"eyJhIjoxfQ=="', '"payload":"eyJhIjoxfR=="')],
    ['base64 of URLs', good.replace('"payload":"eyJh', '"payload":"ey-h')],
    ['a key id in capitals', good.replace(ONE.id, ONE.id.toUpperCase())],
    ['no signatures field', good.replace(/,"signatures":.*\]/, '')],
    ['too many signatures', good.replace(first, Array(33).fill(second).join(','))],
    ['another document', '[]'],
    ['no text', ''],
  ];
  for (const [how, envelope] of cases) {
    test(how, () => {
      expect(envelope).not.toBe(good);
      expect(() => openEnvelope(bytes(envelope), TYPE, twoOfThree)).toThrow(DamagedError);
    });
  }
});
