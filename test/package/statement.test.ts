import { describe, expect, test } from 'bun:test';
import { DamagedError } from '../../lib/errors.ts';
import { peekPackage, readPackage } from '../../lib/package/index.ts';
import { encodeHeader } from '../../lib/package/layout.ts';
import { decodeStatement, STATEMENT_TYPE } from '../../lib/package/statement.ts';
import { memorySource } from '../../lib/platform/files.ts';
import { decodeEnvelope, signEnvelope } from '../../lib/trust/index.ts';
import { testKey, testRoot } from '../trust/keys.ts';
import { digestOf, fullPayload, patchPayload, testPackage } from './fixture.ts';

type Json = Record<string, unknown>;

function statement(): Json {
  const bytes = testPackage({
    payloads: [patchPayload('1.0.0', '1.1.0'), patchPayload('1.1.0', '1.2.0'), fullPayload()],
  });
  const length = new DataView(bytes.buffer).getUint32(8, true);
  return JSON.parse(new TextDecoder().decode(decodeEnvelope(bytes.subarray(44, 44 + length)).payload));
}

function changed(where: string, to: unknown): Json {
  const value = statement();
  const names = where.split('.');
  const last = names.pop() ?? '';
  let at = value;
  for (const name of names) at = at[name] as Json;
  at[last] = to;
  return value;
}

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe('the error of a bad statement names the field and both values', () => {
  const target = digestOf('1.2.0').sha256;
  const other = digestOf('1.0.0').sha256;
  const elsewhere = `wanted ${JSON.stringify(target).slice(1, -1)} if it makes version 1.2.0, and only then, found`;
  const cases: [where: string, to: unknown, message: string][] = [
    ['schema', 2, 'package.schema: wanted 1 with these payloads, found 2'],
    ['schema', 3, 'package.schema: wanted 1 or 2, found 3'],
    ['payloads.2.compression', 'frames', 'package.schema: wanted 2 with these payloads, found 1'],
    [
      'payloads.2.compression',
      'none',
      'package.payloads[2].compression: wanted "zstd" or "frames", found "none"',
    ],
    [
      'app',
      '../dgmo',
      'package.app: wanted a name of a-z, 0-9, dot, dash and underscore, at most 64 long, found "../dgmo"',
    ],
    ['platform', 'beos', 'package.platform: wanted "linux" or "darwin" or "win32", found "beos"'],
    ['platform', 'darwin', 'package.manifest.binaries: wanted one for darwin-x64, found a list of 1'],
    [
      'arch',
      'mips',
      'package.arch: wanted "x64" or "arm64" or "x64-musl" or "arm64-musl" or "x64-baseline" or "x64-musl-baseline", found "mips"',
    ],
    ['version', '1.2', 'package.version: wanted a semantic version such as 1.2.3, found "1.2"'],
    ['version', '1.2.1', 'package.manifest.version: wanted 1.2.1, found "1.2.0"'],
    [
      'manifest.updates.type',
      'x',
      'package.manifest.updates.type: wanted "patch" or "minor" or "major" or "security", found "x"',
    ],
    ['binary.sha256', other, `package.binary.sha256: wanted ${target} as in the manifest, found "${other}"`],
    ['binary.size', 1, 'package.binary.size: wanted 19 as in the manifest, found 1'],
    ['payloads', [], 'package.payloads: wanted a list of 1 to 272, found a list of 0'],
    [
      'payloads.0.kind',
      'script',
      'package.payloads[0].kind: wanted "patch" or "full" or "evolution", found "script"',
    ],
    [
      'payloads.0.kind',
      undefined,
      'package.payloads[0].kind: wanted "patch" or "full" or "evolution", found nothing',
    ],
    [
      'payloads.0.fromChecksum',
      undefined,
      'package.payloads[0].fromChecksum: wanted 64 lower-case hex digits, found nothing',
    ],
    [
      'payloads.0.length',
      0,
      'package.payloads[0].length: wanted a whole number of bytes from 1 to 1073741824, found 0',
    ],
    [
      'payloads.0.length',
      1e10,
      'package.payloads[0].length: wanted a whole number of bytes from 1 to 1073741824, found 10000000000',
    ],
    ['payloads.0.sha256', 'x', 'package.payloads[0].sha256: wanted 64 lower-case hex digits, found "x"'],
    ['payloads.0.compression', 'none', 'package.payloads[0].compression: wanted "zstd", found "none"'],
    [
      'payloads.0.toChecksum',
      other,
      `package.payloads[0].toChecksum: wanted another binary than the patch starts from, found "${other}"`,
    ],
    ['payloads.0.toChecksum', target, `package.payloads[0].toChecksum: ${elsewhere} "${target}"`],
    ['payloads.1.toChecksum', other, `package.payloads[1].toChecksum: ${elsewhere} "${other}"`],
    ['payloads.1.toSize', 5, 'package.payloads[1].toSize: wanted 19, found 5'],
    ['payloads.2.to', '1.1.0', 'package.payloads[2].to: wanted 1.2.0, found "1.1.0"'],
    [
      'payloads.2.from',
      '1.1.0',
      'package.payloads[2]: wanted no fields but kind, to, toChecksum, toSize, compression, length, sha256, found "from"',
    ],
    [
      'payloads.1.extra',
      0,
      'package.payloads[1]: wanted no fields but kind, from, fromChecksum, to, toChecksum, toSize, compression, length, sha256, found "extra"',
    ],
    [
      'run',
      'rm',
      'package: wanted no fields but schema, app, platform, arch, version, manifest, binary, payloads, found "run"',
    ],
  ];
  for (const [where, to, message] of cases) {
    test(`${where} = ${JSON.stringify(to)?.slice(0, 30)}`, () => {
      const bytes = encode(changed(where, to));
      expect(() => decodeStatement(bytes)).toThrow(DamagedError);
      expect(() => decodeStatement(bytes)).toThrow(message);
    });
  }

  test('no payload that makes the binary', () => {
    const value = statement();
    value.payloads = (value.payloads as unknown[]).slice(0, 1);
    expect(() => decodeStatement(encode(value))).toThrow(
      `package.payloads: wanted one that makes the binary ${target}, found a list of 1`,
    );
  });
});

test('a bad statement is damaged even when the right keys signed it', () => {
  const envelope = signEnvelope(STATEMENT_TYPE, encode({ ...statement(), schema: 2 }), [testKey(11)]);
  const bytes = Buffer.concat([encodeHeader(envelope), envelope]);
  expect(() => readPackage(memorySource(bytes), testRoot())).toThrow(
    'package.schema: wanted 1 with these payloads, found 2',
  );
});

test('a binary in frames is the last payload, or it would not be found from the end of the package', () => {
  const value: Json = { ...changed('payloads.2.compression', 'frames'), schema: 2 };
  expect(decodeStatement(encode(value)).schema).toBe(2);
  value.payloads = (value.payloads as unknown[]).toReversed();
  expect(() => decodeStatement(encode(value))).toThrow(
    'package.payloads[0]: wanted a binary in frames as the last payload',
  );
});

test('a signed document of another type is no package', () => {
  const envelope = signEnvelope('application/x', encode(statement()), [testKey(11)]);
  const bytes = Buffer.concat([encodeHeader(envelope), envelope]);
  expect(() => readPackage(memorySource(bytes), testRoot())).toThrow('found one of type application/x');
  expect(() => peekPackage(memorySource(bytes))).toThrow('found application/x');
});
