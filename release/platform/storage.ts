/** Content that Bun itself carries, without a copy in our memory: files as blobs, and buckets that take them. */

/** A file that is read when it is sent. */
export function fileBlob(file: string): Blob {
  return Bun.file(file);
}

/** Address and keys are those of the environment (release/publish/bucket.ts). */
export function openBucket(bucket: string): Bun.S3Client {
  return new Bun.S3Client({ bucket });
}
