import { expect, test } from 'bun:test';
import { localTime, localTimeWithOffset } from '../../lib/format/local-time.ts';

const at = Date.UTC(2026, 10, 26, 23, 42);

test.each([
  [0, '2026-11-26 23:42', '+00:00'],
  [60, '2026-11-27 00:42', '+01:00'],
  [-210, '2026-11-26 20:12', '-03:30'],
  [330, '2026-11-27 05:12', '+05:30'],
])('%i minutes east', (minutes, time, offset) => {
  const localOffset = () => minutes * 60_000;
  expect(localTime(at, localOffset)).toBe(time);
  expect(localTimeWithOffset(at, localOffset)).toBe(`${time} ${offset}`);
});
