/** Files that a package carries besides: those that its manifest names, and no others; damage of each is found. */
import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DamagedError, UpdaterError } from '../../lib/errors.ts';
import {
  companionsOf,
  peekPackage,
  readPackage,
  verifyPayloads,
  withCompanions,
} from '../../lib/package/index.ts';
import { digestBytes, memorySource, readSource } from '../../lib/platform/files.ts';
import { decodeRoot } from '../../lib/trust/index.ts';
import { testRoot } from '../trust/keys.ts';
import { framedDraft, pack } from './fixture.ts';

const root = testRoot();
const FLAGS_AT = 44;
const CONTENTS = {
  updater: new TextEncoder().encode('the updater in frames'),
  'config schema': new TextEncoder().encode('{"type":"object"}'),
};
type Name = keyof typeof CONTENTS;

/** The package alone. Its manifest names both files. */
function alone(): Uint8Array {
  const draft = framedDraft();
  const listed = (name: Name, at: string) => {
    const { sha256, size: length } = digestBytes(CONTENTS[name]);
    return { path: `${at}/${sha256}.file`, length, sha256 };
  };
  const [updater] = draft.manifest.updaters ?? [];
  if (updater === undefined) throw new Error('the test manifest has no updater');
  draft.manifest = {
    ...draft.manifest,
    updaters: [{ ...updater, file: listed('updater', 'updaters') }],
    configSchema: listed('config schema', 'schemas'),
  };
  return pack(draft);
}

function carrying(...names: Name[]): Uint8Array {
  const source = memorySource(alone());
  const contents = peekPackage(source);
  const files = companionsOf(contents.manifest, contents)
    .filter(({ name }) => names.includes(name))
    .map((file) => ({ ...file, content: memorySource(CONTENTS[file.name]) }));
  const pieces = [...withCompanions(source, files).map((piece) => piece.slice())];
  return new Uint8Array(Buffer.concat(pieces));
}

async function verdict(bytes: Uint8Array): Promise<number> {
  try {
    await verifyPayloads(readPackage(memorySource(bytes), root));
    return 0;
  } catch (error) {
    if (error instanceof UpdaterError) return error.exitCode;
    throw error;
  }
}

describe('a package with', () => {
  test.each<[Name[]]>([[['updater']], [['config schema']], [['updater', 'config schema']]])(
    '%p gives them back, and the payloads as they were',
    async (names) => {
      const bytes = carrying(...names);
      const found = readPackage(memorySource(bytes), root);
      await verifyPayloads(found);
      expect(found.size).toBe(bytes.length);
      expect(found.companions.map(({ name, content }) => [name, readSource(content)])).toEqual(
        names.map((name) => [name, CONTENTS[name]]),
      );
      const before = readPackage(memorySource(alone()), root);
      expect(before.companions).toEqual([]);
      for (const index of found.payloads.keys())
        expect(readSource(found.payload(index))).toEqual(readSource(before.payload(index)));
    },
  );

  test('any of them cut, or with a byte flipped anywhere, is damaged', async () => {
    const bytes = carrying('updater', 'config schema');
    expect(await verdict(bytes)).toBe(0);
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] ?? 0) ^ 0x40;
      expect([at, await verdict(flipped)]).toEqual([at, 11]);
      expect([at, await verdict(bytes.slice(0, at))]).toEqual([at, 11]);
    }
    expect(await verdict(new Uint8Array([...bytes, 0]))).toBe(11);
  });

  test('files that its header does not name, or its manifest does not, is damaged', () => {
    const withFlags = (flags: number) => {
      const bytes = carrying('updater', 'config schema');
      new DataView(bytes.buffer).setUint32(FLAGS_AT, flags, true);
      return () => readPackage(memorySource(bytes), root);
    };
    expect(withFlags(3)).not.toThrow();
    for (const flags of [0, 1, 2, 4, 7, 0x8000_0003]) expect(withFlags(flags)).toThrow(DamagedError);
  });
});

test('of the frozen vector still reads, and is still written so', () => {
  const vector = (name: string) =>
    readFileSync(path.join(import.meta.dir, '../vectors/package-with-files-v1', name));
  const bytes = vector('tiny.dgmopkg');
  const found = readPackage(memorySource(bytes), decodeRoot(vector('root.json')));
  expect(found.companions.map(({ name }) => name)).toEqual(['updater', 'config schema']);
  expect(bytes.equals(carrying('updater', 'config schema'))).toBe(true);
});
