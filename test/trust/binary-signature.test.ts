import { expect, test } from 'bun:test';
import { TrustError } from '../../lib/errors.ts';
import { signBinary, verifyBinarySignature } from '../../lib/trust/index.ts';
import type { Binary } from '../../lib/version/index.ts';
import { STRANGER, testKey, testRoot } from './keys.ts';

const subject = { platform: 'linux', arch: 'x64', size: 1000, checksum: 'ab'.repeat(32) } as const;
const url = { downloadUrl: 'dgmo' };
const root = testRoot();

function signed(key = testKey(11)): Binary {
  return { ...subject, ...url, signature: signBinary(subject, '1.2.0', key) };
}

test('the signature of a binary holds for its version, target, size and digest alone', () => {
  verifyBinarySignature(signed(), '1.2.0', root);
  const others: Binary[] = [
    { ...signed(), arch: 'arm64' },
    { ...signed(), platform: 'darwin' },
    { ...signed(), size: 1001 },
    { ...signed(), checksum: 'ba'.repeat(32) },
    signed(STRANGER),
    signed(testKey(1)),
  ];
  for (const other of others) expect(() => verifyBinarySignature(other, '1.2.0', root)).toThrow(TrustError);
  expect(() => verifyBinarySignature(signed(), '1.2.1', root)).toThrow(
    'not trusted: wanted the linux-x64 binary of 1.2.1 signed by a targets key of root version 1, found a signature by none of them',
  );
});
