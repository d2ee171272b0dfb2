import { describe, expect, test } from 'bun:test';
import { DamagedError } from '../../lib/errors.ts';
import {
  type CheckAnswer,
  type CheckRequest,
  decodeCheckAnswer,
  decodeCheckRequest,
  encodeCheckAnswer,
  encodeCheckRequest,
  MAX_CHECK_ANSWER,
  MAX_CHECK_REQUEST,
} from '../../lib/update/check/check-api.ts';
import { TARGETS } from '../../lib/version/index.ts';

const REQUEST: CheckRequest = {
  version: '1.0.0',
  target: { platform: 'linux', arch: 'x64-musl' },
  evolutions: ['dark-mode'],
  channel: 'beta',
  telemetry: { updater: '0.1.0', lastUpdate: 'updated', lastRoute: 'patch', lastDuration: 'under-10s' },
};

const decode = (headers: Record<string, string>, body: string | Uint8Array) =>
  decodeCheckRequest(
    (name) => headers[name] ?? null,
    typeof body === 'string' ? new TextEncoder().encode(body) : body,
  );

describe('a request to the check API', () => {
  test('is decoded as it was encoded, for every target', () => {
    for (const target of TARGETS) {
      const { headers, body } = encodeCheckRequest({ ...REQUEST, target });
      expect(decode(headers, body)).toEqual({ ...REQUEST, target, channel: 'beta' });
    }
  });

  test('without channel and telemetry is about stable, and says nothing more', () => {
    const { headers, body } = encodeCheckRequest({
      version: '1.0.0',
      target: REQUEST.target,
      evolutions: [],
    });
    expect(new TextDecoder().decode(body)).toBe('{"version":"1.0.0","evolutions":[]}');
    expect(headers).toEqual({
      'content-type': 'application/json',
      'x-dgmo-version': '1.0.0',
      'x-platform': 'linux',
      'x-arch': 'x64-musl',
    });
    expect(decode(headers, body)).toMatchObject({ channel: 'stable', telemetry: undefined });
  });

  const { headers } = encodeCheckRequest(REQUEST);
  const body = (more: object) => JSON.stringify({ version: '1.0.0', evolutions: [], ...more });
  const wrong: [name: string, headers: Record<string, string>, body: string, message: RegExp][] = [
    ['no JSON', headers, '{', /^request: wanted JSON/],
    ['another type of body', { ...headers, 'content-type': 'text/plain' }, body({}), /^Content-Type: /],
    ['an unknown field', headers, body({ installId: 'x' }), /wanted no fields but .* found "installId"/],
    ['a name twice', headers, '{"version":"1.0.0","version":"1.0.0","evolutions":[]}', /twice/],
    ['a version that is none', headers, body({ version: 'v1' }), /^request.version: /],
    ['another version in the header', { ...headers, 'x-dgmo-version': '1.0.1' }, body({}), /^X-DGMO-Version/],
    ['no such system', { ...headers, 'x-platform': 'beos' }, body({}), /^X-Platform and X-Arch: /],
    ['no evolutions', headers, '{"version":"1.0.0"}', /^request.evolutions: /],
    ['too many evolutions', headers, body({ evolutions: Array(257).fill('a') }), /^request.evolutions: /],
    ['an evolution that is no id', headers, body({ evolutions: ['../x'] }), /^request.evolutions\[0\]/],
    ['telemetry that is not listed', headers, body({ telemetry: { user: 'me' } }), /found "user"/],
    ['another word in telemetry', headers, body({ telemetry: { lastUpdate: 'x' } }), /lastUpdate: wanted/],
    ['too long', headers, `${body({})}${' '.repeat(MAX_CHECK_REQUEST)}`, /wanted at most 32768 bytes/],
  ];
  for (const [name, sent, text, message] of wrong) {
    test(`is refused with ${name}`, () => {
      expect(() => decode(sent, text)).toThrow(DamagedError);
      expect(() => decode(sent, text)).toThrow(message);
    });
  }

  test('is not made where it would be refused', () => {
    expect(() => encodeCheckRequest({ ...REQUEST, version: '1' })).toThrow(DamagedError);
    expect(() => encodeCheckRequest({ ...REQUEST, evolutions: ['A'] })).toThrow(DamagedError);
  });
});

describe('an answer of the check API', () => {
  const UPDATE = {
    version: '1.1.0',
    type: 'security',
    riskLevel: 'low',
    mandatory: false,
    size: 10,
    releaseDate: 0,
    rollout: 100,
  } as const;
  const ANSWER: CheckAnswer = { schema: 1, update: UPDATE };
  const text = (value: object) => new TextEncoder().encode(JSON.stringify(value));

  test('is decoded as it was encoded', () => {
    expect(decodeCheckAnswer(encodeCheckAnswer(ANSWER), '1.0.0')).toEqual(ANSWER);
    const nothing = { schema: 1, update: null } as const;
    expect(decodeCheckAnswer(encodeCheckAnswer(nothing), '1.0.0')).toEqual(nothing);
  });

  const wrong: [name: string, bytes: Uint8Array, message: RegExp][] = [
    [
      'of a version that is not newer',
      text({ schema: 1, update: { ...UPDATE, version: '1.0.0' } }),
      /after 1\.0\.0/,
    ],
    ['of another schema', text({ schema: 2, update: null }), /^answer.schema/],
    ['with a field more', text({ schema: 1, update: { ...UPDATE, url: 'x' } }), /found "url"/],
    ['with a field less', text({ schema: 1 }), /^answer.update/],
    ['that is a page', new TextEncoder().encode('<html>'), /^answer: wanted JSON/],
    ['that is endless', new Uint8Array(MAX_CHECK_ANSWER + 1).fill(32), /wanted at most 4096 bytes/],
  ];
  for (const [name, bytes, message] of wrong) {
    test(`is refused ${name}`, () => {
      expect(() => decodeCheckAnswer(bytes, '1.0.0')).toThrow(DamagedError);
      expect(() => decodeCheckAnswer(bytes, '1.0.0')).toThrow(message);
    });
  }
});
