import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { DamagedError } from '../../lib/errors.ts';
import { decodeReceipt, encodeReceipt } from '../../lib/install/receipt.ts';
import { executable, receiptOf } from '../host/install.ts';

const RECEIPT = receiptOf(executable('2.0.0'), executable('1.0.0'));

const UPDATER = {
  version: '0.2.0',
  sha256: 'ab'.repeat(32),
  size: 4096,
  file: {
    path: `updaters/linux-x64/${'cd'.repeat(32)}.frames`,
    length: 1024,
    sha256: 'cd'.repeat(32),
  },
};

const CONFIG_SCHEMA = {
  path: `schemas/${'ef'.repeat(32)}.config.json`,
  length: 2048,
  sha256: 'ef'.repeat(32),
};

describe('a receipt', () => {
  test('is read as it was written', () => {
    expect(decodeReceipt(encodeReceipt(RECEIPT), 'installed.json')).toEqual(RECEIPT);
  });

  test('of version 1 is readable', () => {
    const bytes = fs.readFileSync(path.join(import.meta.dir, '../vectors/receipt-v1/installed.json'));
    expect(decodeReceipt(bytes, 'installed.json')).toEqual(RECEIPT);
  });

  test('of version 2, with the rollback rule of the release, is readable', () => {
    const bytes = fs.readFileSync(path.join(import.meta.dir, '../vectors/receipt-v2/installed.json'));
    expect(decodeReceipt(bytes, 'installed.json')).toEqual({
      ...RECEIPT,
      source: 'package',
      rollback: { supported: true, minVersion: '0.9.0', dataVersion: 2 },
    });
  });

  test('with the highest root version that was seen, as version 3 wrote it, stays readable', () => {
    const bytes = fs.readFileSync(path.join(import.meta.dir, '../vectors/receipt-v3/installed.json'));
    const receipt = { ...RECEIPT, rootVersion: 3 };
    expect(decodeReceipt(bytes, 'installed.json')).toEqual(receipt);
    expect(encodeReceipt(receipt)).toEqual(new Uint8Array(bytes));
  });

  test('with the updater that the release brought, as version 5 wrote it, stays readable', () => {
    const bytes = fs.readFileSync(path.join(import.meta.dir, '../vectors/receipt-v5/installed.json'));
    const receipt = { ...RECEIPT, updater: UPDATER };
    expect(decodeReceipt(bytes, 'installed.json')).toEqual(receipt);
    expect(encodeReceipt(receipt)).toEqual(new Uint8Array(bytes));
  });

  test('of the build for older processors, as version 6 wrote it, stays readable', () => {
    const bytes = fs.readFileSync(path.join(import.meta.dir, '../vectors/receipt-v6/installed.json'));
    const binary = { ...RECEIPT.binary, build: 'baseline' as const };
    const receipt = { ...RECEIPT, binary, rootVersion: 3 };
    expect(decodeReceipt(bytes, 'installed.json')).toEqual(receipt);
    expect(encodeReceipt(receipt)).toEqual(new Uint8Array(bytes));
  });

  test('with the schema of the config, as version 7 wrote it, stays readable', () => {
    const bytes = fs.readFileSync(path.join(import.meta.dir, '../vectors/receipt-v7/installed.json'));
    const receipt = { ...RECEIPT, configSchema: CONFIG_SCHEMA };
    expect(decodeReceipt(bytes, 'installed.json')).toEqual(receipt);
    expect(encodeReceipt(receipt)).toEqual(new Uint8Array(bytes));
  });

  test('that is cut at any byte is refused', () => {
    const bytes = encodeReceipt(RECEIPT);
    for (let end = 0; end < bytes.length - 2; end++) {
      expect(() => decodeReceipt(bytes.subarray(0, end), 'installed.json')).toThrow(DamagedError);
    }
  });

  test('with any one bit flipped is refused, or means the same', () => {
    const bytes = encodeReceipt(RECEIPT);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      let read: unknown = RECEIPT;
      try {
        read = decodeReceipt(flipped, 'installed.json');
      } catch (error) {
        expect(error).toBeInstanceOf(DamagedError);
      }
      // White space between the fields is not covered by the digest.
      expect(read).toEqual(RECEIPT);
    }
  });

  test.each([
    ['schema', 2, 'schema 2'],
    ['app', '', 'app: wanted text'],
    ['floor', 'one', 'floor: wanted a version'],
    ['source', 'magic', 'source: found magic'],
    ['installedAt', 'now', 'installedAt'],
    ['rootVersion', 0, 'rootVersion: wanted a whole number from 1, found 0'],
    ['updater', {}, 'updater.version: found undefined'],
    ['updater', { ...UPDATER, file: null }, 'updater.file.path: found undefined'],
    ['updater', { ...UPDATER, file: { ...UPDATER.file, path: '../root.json' } }, 'updater.file.path: found'],
    ['updater', { ...UPDATER, file: { ...UPDATER.file, length: -1 } }, 'updater.file.size: wanted a number'],
    ['updater', { ...UPDATER, file: { ...UPDATER.file, sha256: 'cd' } }, 'updater.file.sha256: wanted 64'],
    ['configSchema', { ...CONFIG_SCHEMA, length: 0 }, 'configSchema.length: wanted a whole number of bytes'],
    ['configSchema', { ...CONFIG_SCHEMA, path: '/etc' }, 'configSchema.path: wanted a path inside the feed'],
    ['binary', null, 'binary: wanted an object'],
    ['previous', { version: '1.0.0', sha256: 'xyz', size: 1 }, 'previous.sha256: wanted 64 hex digits'],
    ['binary', { version: '../1', sha256: 'ab'.repeat(32), size: 1 }, 'binary.version: found "../1"'],
    ['binary', { version: 1, sha256: 'ab'.repeat(32), size: 1 }, 'binary.version: found 1'],
    [
      'binary',
      { version: '1.0.0', sha256: `${'ab'.repeat(32)}0`, size: 1 },
      'binary.sha256: wanted 64 hex digits',
    ],
    [
      'binary',
      { version: '1.0.0', sha256: 'ab'.repeat(32), size: -1 },
      'binary.size: wanted a number of bytes',
    ],
    [
      'binary',
      { version: '1.0.0', sha256: 'ab'.repeat(32), size: 0.5 },
      'binary.size: wanted a number of bytes',
    ],
    ['rollback', [], 'rollback: wanted an object'],
    [
      'rollback',
      { supported: 1, minVersion: '1.0.0', dataVersion: 1 },
      'rollback: wanted supported and minVersion',
    ],
    [
      'rollback',
      { supported: true, minVersion: 'x', dataVersion: 1 },
      'rollback: wanted supported and minVersion',
    ],
    [
      'rollback',
      { supported: true, minVersion: '1.0.0', dataVersion: 0.5 },
      'rollback.dataVersion: wanted a number',
    ],
  ])('names the field that is wrong: %s', (field, value, message) => {
    const bytes = encodeReceipt({ ...RECEIPT, [field]: value } as typeof RECEIPT);
    expect(() => decodeReceipt(bytes, 'installed.json')).toThrow(message);
  });
});
