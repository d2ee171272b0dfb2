/**
 * `bun child.ts OLD NEW mixing|bsdiff [fourth]`: makes a patch by one algorithm, with no limit on work, without the fourth model or with it
 * where it is smaller, and prints how many bytes it has. Encoder and decoder are those of the tree that this file is in: `generatePatch` has applied the
 * patch and compared the new file.
 */
import fs from 'node:fs';
import { generatePatch, readPatchHeader } from '../../../lib/delta/index.ts';
import { memorySource } from '../../../lib/platform/files.ts';

const [, , old = '', fresh = '', algorithm, fourth] = process.argv;
if (algorithm !== 'mixing' && algorithm !== 'bsdiff') throw new Error(`no algorithm: ${algorithm}`);
const patch = await generatePatch({
  old: fs.readFileSync(old),
  new: fs.readFileSync(fresh),
  fromVersion: '1.0.0',
  toVersion: '1.0.1',
  applyLimit: Number.POSITIVE_INFINITY,
  algorithm,
  ...(fourth === undefined ? { fourthBelow: 0 } : {}),
});
if (readPatchHeader(memorySource(patch)).algorithm !== algorithm) {
  throw new Error(`the patch by ${algorithm} does not make ${fresh}`);
}
console.log(patch.length);
