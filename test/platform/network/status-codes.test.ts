/** What a status means, and when the server wants to be asked again. */
import { describe, expect, test } from 'bun:test';
import { refuseStatus } from '../../../lib/platform/network/failures.ts';
import { NetworkFailure } from '../../../lib/platform/network/network.ts';
import { retryAfter } from '../../../lib/platform/network/status-codes.ts';
import { patientSource } from '../../../lib/update/check/patient-source.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import { simulatedHost } from '../../host/host.ts';

const DATE = 'Wed, 21 Oct 2015 07:28:00 GMT';

test.each<[Record<string, string>, number | null]>([
  [{}, null],
  [{ 'retry-after': '' }, null],
  [{ 'retry-after': '7' }, 7000],
  [{ 'retry-after': '-7' }, null],
  [{ 'retry-after': 'soon' }, null],
  [{ 'retry-after': 'Wed, 21 Oct 2015 07:30:00 GMT', date: DATE }, 120_000],
  [{ 'retry-after': 'Wed, 21 Oct 2015 07:27:00 GMT', date: DATE }, 0],
  [{ 'retry-after': 'Wed, 21 Oct 2015 07:30:00 GMT' }, null],
])('%j: %p ms', (headers, wanted) => {
  expect(retryAfter(headers)).toBe(wanted);
});

function refused(status: number, headers: Record<string, string> = {}): NetworkFailure {
  try {
    refuseStatus({ url: 'https://feed.example.org/a', status, headers });
  } catch (error) {
    if (error instanceof NetworkFailure) return error;
    throw error;
  }
}

test('a status is told with its meaning', () => {
  expect(refused(403).message).toBe('feed.example.org answered 403 for /a: it does not allow that');
  expect(refused(404).message).toBe('feed.example.org answered 404 for /a: it has no such file');
  expect(refused(503).message).toBe(
    'feed.example.org answered 503 for /a: it is overloaded or being maintained',
  );
  expect(refused(599).message).toEndWith(': it has a fault');
  expect(refused(299).message).toEndWith('answered 299 for /a');
});

describe('429 with Retry-After', () => {
  const get = async (wait: string) => {
    const { clock, random } = simulatedHost({ disk: new SimulatedDisk(), versionOf: () => null });
    let asked = 0;
    const source = patientSource(
      {
        async get() {
          if (asked++ === 0) throw refused(429, { 'retry-after': wait });
          return new Uint8Array(1);
        },
      },
      { clock, random },
    );
    const bytes = await source.get('https://feed.example.org/a', 1).catch((error: unknown) => error);
    return { bytes, asked, waited: clock.monotonic() };
  };

  test('is obeyed', async () => {
    expect(await get('7')).toMatchObject({ bytes: new Uint8Array(1), asked: 2, waited: 7000 });
  });

  test('a check does not wait for minutes: it says when to try again', async () => {
    const { bytes, asked, waited } = await get('120');
    expect({ asked, waited }).toEqual({ asked: 1, waited: 0 });
    expect(bytes).toMatchObject({
      message: 'feed.example.org answered 429 for /a: it gets too many requests from here',
      advice: 'It asks to be tried again in 120 s.',
    });
  });
});
