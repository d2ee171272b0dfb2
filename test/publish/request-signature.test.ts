/** The examples of Amazon's own description of the signature. */
import { expect, test } from 'bun:test';
import { credentialsOf, signedHeaders } from '../../release/publish/request-signature.ts';

const CREDENTIALS = {
  keyId: 'AKIAIOSFODNN7EXAMPLE',
  secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: null,
  region: 'us-east-1',
};
const NOW = Date.UTC(2013, 4, 24);
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

test('a request for a part of an object', () => {
  const request = {
    method: 'GET',
    url: new URL('https://examplebucket.s3.amazonaws.com/test.txt'),
    headers: { Range: 'bytes=0-9' },
    content: EMPTY,
  };
  expect(signedHeaders(request, CREDENTIALS, NOW)).toMatchObject({
    'x-amz-date': '20130524T000000Z',
    Authorization:
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,' +
      'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,' +
      'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  });
});

test('an object that is sent', () => {
  const request = {
    method: 'PUT',
    url: new URL('https://examplebucket.s3.amazonaws.com/test%24file.text'),
    headers: { Date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
    content: '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
  };
  expect(signedHeaders(request, CREDENTIALS, NOW).Authorization).toEndWith(
    'Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  );
});

test('the token of temporary credentials is signed, and found in an address of a client', () => {
  const client = new Bun.S3Client({
    bucket: 'feed',
    accessKeyId: 'id',
    secretAccessKey: 'secret',
    sessionToken: 'token',
    region: 'eu-west-1',
  });
  const found = credentialsOf(new URL(client.presign('x', { method: 'PUT' })), 'secret');
  expect(found).toEqual({ keyId: 'id', secret: 'secret', sessionToken: 'token', region: 'eu-west-1' });
  if (found === null) return;
  const request = { method: 'PUT', url: new URL('https://example.org/x'), headers: {}, content: EMPTY };
  expect(signedHeaders(request, found, NOW).Authorization).toContain('x-amz-date;x-amz-security-token');
  expect(credentialsOf(new URL('https://example.org/x'), 'secret')).toBeNull();
});
