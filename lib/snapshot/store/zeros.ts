/** Blocks of zeros. A hole of gigabytes consists of them. */
import { digestBytes } from '../../platform/files.ts';
import { BLOCK } from './tree.ts';

export const ZEROS: Uint8Array = new Uint8Array(BLOCK);

/** SHA-256 of a whole block of zeros. */
export const ZERO_BLOCK = digestBytes(ZEROS).sha256;

/** @param bytes at most BLOCK */
export function isZero(bytes: Uint8Array): boolean {
  return Buffer.compare(bytes, bytes.length === BLOCK ? ZEROS : ZEROS.subarray(0, bytes.length)) === 0;
}
