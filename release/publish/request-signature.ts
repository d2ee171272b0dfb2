/**
 * AWS Signature Version 4 in the headers of a request, as S3 and what is compatible with it take it: Bun's client can sign neither
 * Cache-Control nor a condition.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
import { createHash, createHmac } from 'node:crypto';

export interface Credentials {
  keyId: string;
  secret: string;
  /** Of temporary credentials; null for others. */
  sessionToken: string | null;
  region: string;
}

export interface RequestToSign {
  method: string;
  /** Without a query. */
  url: URL;
  /** Without `Host`, which is that of the address. */
  headers: Readonly<Record<string, string>>;
  /** SHA-256 of the content in hex; `UNSIGNED-PAYLOAD` leaves it to TLS. */
  content: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** All headers of the request but `Host`. `now`: milliseconds since the epoch. */
export function signedHeaders(
  { method, url, headers, content }: RequestToSign,
  { keyId, secret, sessionToken, region }: Credentials,
  now: number,
): Record<string, string> {
  const time = new Date(now).toISOString().replace(/[:-]|\.\d+/g, '');
  const date = time.slice(0, 8);
  const all: Record<string, string> = {
    ...headers,
    'x-amz-content-sha256': content,
    'x-amz-date': time,
    ...(sessionToken === null ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const lines = Object.entries({ ...all, host: url.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, ' ')] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const names = lines.map(([name]) => name).join(';');
  const canonical = [
    method,
    url.pathname,
    '',
    ...lines.map(([name, value]) => `${name}:${value}`),
    '',
    names,
    content,
  ].join('\n');
  const scope = `${date}/${region}/s3/aws4_request`;
  const toSign = [ALGORITHM, time, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = [date, region, 's3', 'aws4_request'].reduce<Buffer>(
    (before, part) => createHmac('sha256', before).update(part).digest(),
    Buffer.from(`AWS4${secret}`),
  );
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return {
    ...all,
    Authorization: `${ALGORITHM} Credential=${keyId}/${scope},SignedHeaders=${names},Signature=${signature}`,
  };
}

/** What else is needed, from an address that a client with the same credentials has signed. Null if it was not signed so. */
export function credentialsOf(signed: URL, secret: string): Credentials | null {
  const [keyId, , region] = (signed.searchParams.get('X-Amz-Credential') ?? '').split('/');
  if (keyId === undefined || region === undefined) return null;
  return { keyId, secret, sessionToken: signed.searchParams.get('X-Amz-Security-Token'), region };
}
