/** A patch that is not what it was, or never was one: each damage is one DamagedError, and nothing else happens. */
import { describe, expect, test } from 'bun:test';
import { applyPatch, readPatchHeader } from '../../lib/delta/index.ts';
import { DamagedError } from '../../lib/errors.ts';
import { memorySource } from '../../lib/platform/files.ts';
import { assemble } from './forge.ts';
import { codeLike, randomBytes } from './pairs.ts';
import { parse } from './reference.ts';
import { apply, failure, make } from './support.ts';

const old = codeLike(600, 3);
const fresh = Uint8Array.from(
  Buffer.concat([codeLike(400, 3, 0x40), randomBytes(30, 4), codeLike(600, 3).subarray(360)]),
);
const patch = await make(old, fresh, { algorithm: 'bsdiff' });
/** The same with a header in the long form, as patches had before. */
const long = Uint8Array.from(assemble({ ...parse(patch), short: false }));

/** The message; fails where it is another error or none. */
async function refusal(bytes: Uint8Array, from = old): Promise<string> {
  const error = await failure(apply(bytes, from));
  expect(error).toBeInstanceOf(DamagedError);
  return (error as DamagedError).message;
}

describe.each([
  ['short', patch],
  ['long', long],
])('with a %s header', (_, whole) => {
  test('undamaged, it applies', async () => {
    expect(Buffer.compare(await apply(whole, old), fresh)).toBe(0);
  });

  test('cut off at every byte', async () => {
    for (let size = 0; size < whole.length; size++) await refusal(whole.subarray(0, size));
  });

  test('one bit flipped, any one', async () => {
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = whole.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await refusal(flipped);
    }
  });

  test('something trails it', async () => {
    expect(await refusal(Buffer.concat([whole, Buffer.of(0)]))).toContain('something follows it');
  });

  test('cut off, the message says how many bytes it has and wants', async () => {
    expect(await refusal(whole.subarray(0, -3))).toContain(
      `the patch has ${whole.length - 3} bytes, its header wants ${whole.length}`,
    );
  });
});

test('the messages say what, where, wanted and found', async () => {
  expect(await refusal(Buffer.from('MZ not a patch at all'))).toBe(
    'not a patch: it begins with "MZ not a patc", wanted "DGMO_PATCH_V1"',
  );
  const withOtherEnd = (bytes: Uint8Array) => bytes.with(-1, (bytes.at(-1) ?? 0) ^ 1);
  expect(await refusal(withOtherEnd(long))).toMatch(
    /^the patch is damaged: the SHA-256 of its content is [0-9a-f]{64}, wanted [0-9a-f]{64}$/,
  );
  expect(await refusal(withOtherEnd(patch))).toMatch(
    /^the patch is damaged: the check of all its bytes is [0-9a-f]{16}, wanted [0-9a-f]{16}$/,
  );
});

describe('another old file', () => {
  const wrong = old.slice();
  wrong[77] = (wrong[77] ?? 0) ^ 1;

  test('of the same size is told apart from a damaged patch, before anything is written', async () => {
    let written = 0;
    const error = await failure(
      applyPatch({
        patch: memorySource(patch),
        old: memorySource(wrong),
        write: (chunk) => {
          written += chunk.length;
        },
      }),
    );
    expect(error).toBeInstanceOf(DamagedError);
    expect(String(error)).toMatch(
      /the old file is not the one this patch was made from \(version 1\.0\.0\): it has SHA-256 [0-9a-f]{64}, wanted [0-9a-f]{64}/,
    );
    expect(written).toBe(0);
  });

  test('of another size', async () => {
    const message = await refusal(patch, old.subarray(1));
    expect(message).toContain('the old file is not the one this patch was made from');
    expect(message).toContain('it has 599 bytes, wanted 600 bytes');
  });

  test('not verified before, is found out after', async () => {
    const options = { patch: memorySource(patch), old: memorySource(wrong), write: () => undefined };
    const error = await failure(applyPatch({ ...options, verifyOld: false }));
    expect(error).toBeInstanceOf(DamagedError);
    expect(String(error)).toMatch(
      /the patch gave a file with SHA-256 [0-9a-f]{64}, wanted [0-9a-f]{64} \(version 1\.0\.1\)/,
    );
  });
});

test('what was written reads back otherwise', async () => {
  const readBack = async () => ({ sha256: 'ab'.repeat(32), size: 600 });
  const options = { patch: memorySource(patch), old: memorySource(old), write: () => undefined };
  const error = await failure(applyPatch({ ...options, readBack }));
  expect(error).toBeInstanceOf(DamagedError);
  expect(String(error)).toContain(`what the patch gave reads back as SHA-256 ${'ab'.repeat(32)}, wanted `);
});

describe('what the caller throws comes through as it is', () => {
  const good = { patch: memorySource(patch), old: memorySource(old), write: () => undefined };
  const thrown = new Error('ENOSPC');
  const fail = () => {
    throw thrown;
  };

  test('from write', async () => {
    expect(await failure(applyPatch({ ...good, write: fail }))).toBe(thrown);
  });

  test('from reading back', async () => {
    expect(await failure(applyPatch({ ...good, readBack: () => Promise.reject(thrown) }))).toBe(thrown);
  });

  test('from checkpoint', async () => {
    expect(await failure(applyPatch({ ...good, checkpoint: fail }))).toBe(thrown);
    expect(await failure(applyPatch({ ...good, checkpoint: () => Promise.reject(thrown) }))).toBe(thrown);
  });

  test('from reading the old file', async () => {
    expect(await failure(applyPatch({ ...good, old: { size: old.length, read: fail } }))).toBe(thrown);
  });

  test('from reading the patch, wherever it fails', async () => {
    const source = memorySource(patch);
    let reads = 0;
    const counting = (limit: number) => ({
      size: source.size,
      read: (position: number, into: Uint8Array) => {
        if (++reads > limit) throw thrown;
        source.read(position, into);
      },
    });
    await applyPatch({ ...good, patch: counting(Number.POSITIVE_INFINITY) });
    const total = reads;
    for (let limit = 0; limit < total; limit++) {
      reads = 0;
      expect(await failure(applyPatch({ ...good, patch: counting(limit) }))).toBe(thrown);
    }
  });
});

test('the header says what is in the patch', () => {
  const header = readPatchHeader(memorySource(patch));
  expect(header.magic).toBe('DGMO_PATCH_V1');
  expect(header.fromVersion).toBe('1.0.0');
  expect(header.toVersion).toBe('1.0.1');
  expect(header.fromSize).toBe(old.length);
  expect(header.toSize).toBe(fresh.length);
  expect(header.compression).toBe('zstd');
  expect(header.algorithm).toBe('bsdiff');
  expect(header.headerSize + header.size).toBe(patch.length);
});
