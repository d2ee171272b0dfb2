/** Content that Bun itself carries, without a copy in our memory: files as blobs, and buckets that take them. */

/** A file that is read when it is sent. */
export function fileBlob(file: string): Blob {
  return Bun.file(file);
}

const TLS_1_3 = 0x0304;

/** A request with an address that was signed before, over TLS 1.3 at least. */
export function storageRequest(url: string, options: RequestInit = {}): Promise<Response> {
  // bun-types 1.4.5 does not know `minVersion`.
  const tls = { minVersion: TLS_1_3, rejectUnauthorized: true };
  return fetch(url, { ...options, redirect: 'manual', tls });
}

/** Address and keys are those of the environment (release/publish/bucket.ts). */
export function openBucket(bucket: string): Bun.S3Client {
  return new Bun.S3Client({ bucket });
}

/** The secret that goes with them. Empty if there is none: then the storage refuses what is signed with it. */
export function storageSecret(): string {
  return process.env.S3_SECRET_ACCESS_KEY ?? process.env.AWS_SECRET_ACCESS_KEY ?? '';
}
