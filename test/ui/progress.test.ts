/** Progress on a terminal: what is shown, when, and that nothing of it is left behind. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { follow, type Measure } from '../../lib/api/screen/stages.ts';
import { createProgress, DELAY, progressText } from '../../lib/ui/terminal/progress.ts';

const STAGE = { label: 'Downloading 2.0.0', finished: 'Downloaded 2.0.0', bytes: true };
const HALF: Measure = { done: 22_800_000, total: 45_600_000, rate: 1_200_000, left: 19_000 };

test.each([
  [200, true, 'Downloading 2.0.0  █████████░░░░░░░░░   50 %  of 45.6 MB  1.2 MB/s  19 s left'],
  [200, false, 'Downloading 2.0.0  [#########---------]   50 %  of 45.6 MB  1.2 MB/s  19 s left'],
  [80, true, 'Downloading 2.0.0  █████████░░░░░░░░░   50 %  of 45.6 MB  1.2 MB/s  19 s left'],
  [64, true, 'Downloading 2.0.0  █████████░░░░░░░░░   50 %  19 s left'],
  [40, true, 'Downloading 2.0.0   50 %  19 s left'],
  [20, false, 'Downloading 2.0.0'],
])('at %p columns, unicode %p', (columns, unicode, wanted) => {
  expect(progressText(STAGE, HALF, { columns, unicode })).toBe(wanted);
});

test('never wider than the terminal, and ASCII where that is all it shows', () => {
  fc.assert(
    fc.property(
      fc.record({
        columns: fc.integer({ min: 13, max: 300 }),
        unicode: fc.boolean(),
        done: fc.nat(1e9),
        total: fc.nat(1e9),
        rate: fc.option(fc.nat(1e9)),
        left: fc.option(fc.nat(1e8)),
        measured: fc.boolean(),
      }),
      ({ columns, unicode, measured, ...measure }) => {
        const text = progressText(STAGE, measured ? measure : null, { columns, unicode });
        // With the ^C that a terminal adds to it, so that the line can still be cleared.
        expect(Bun.stringWidth(`${text}^C`)).toBeLessThan(columns);
        if (!unicode) expect(text).toMatch(/^[ -~]*$/);
      },
    ),
  );
});

/** A terminal of one line, a clock, and its timers. */
function terminal() {
  let time = 0;
  let timers: { at: number; work: () => void }[] = [];
  const seen = { lines: [] as string[], line: '', taskbar: null as number | null };
  const output = {
    columns: 80,
    unicode: false,
    error(text: string) {
      const [first = '', ...more] = text.split('\n');
      seen.line += first;
      for (const next of more) {
        seen.lines.push(seen.line);
        seen.line = next;
      }
    },
    clearLine() {
      seen.line = '';
    },
    taskbar(percent: number | null) {
      seen.taskbar = percent;
    },
  };
  const progress = createProgress(output, {
    now: () => time,
    later(milliseconds, work) {
      const timer = { at: time + milliseconds, work };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
  });
  const pass = (milliseconds: number) => {
    time += milliseconds;
    for (const { at, work } of [...timers]) if (at <= time) work();
  };
  return { progress, pass, seen };
}

describe('a stage', () => {
  test('that is quick is never shown', () => {
    const { progress, pass, seen } = terminal();
    progress.begin(STAGE);
    pass(DELAY - 1);
    progress.measure(HALF);
    progress.end();
    pass(10 * DELAY);
    expect(seen).toEqual({ lines: [], line: '', taskbar: null });
  });

  test('that takes longer is shown, and its line then says how long it took', () => {
    const { progress, pass, seen } = terminal();
    progress.begin(STAGE);
    pass(DELAY);
    expect(seen.line).toBe('Downloading 2.0.0...');
    progress.measure(HALF);
    expect(seen.line).toContain('50 %');
    expect(seen.taskbar).toBe(50);
    pass(300);
    progress.end();
    expect(seen).toEqual({ lines: ['Downloaded 2.0.0: 45.6 MB in 1.0 s.'], line: '', taskbar: null });
  });

  test('says the rate and the time left of what measures bytes alone', () => {
    const { progress, pass, seen } = terminal();
    progress.begin({ label: 'Reading', finished: 'Read', bytes: true });
    pass(2000);
    progress.measure({ done: 1_000_000, total: 4_000_000 });
    expect(seen.line).toBe('Reading  [#####-------------]   25 %  of 4.0 MB  500 KB/s  6 s left');
    progress.measure({ done: 0, total: 4_000_000 });
    expect(seen.line).toBe('Reading  [------------------]    0 %  of 4.0 MB');
  });

  test('gives way to what is printed, and to a failure: nothing of it is left, in the taskbar neither', () => {
    const { progress, pass, seen } = terminal();
    progress.begin(STAGE);
    pass(DELAY);
    progress.measure(HALF);
    progress.clear();
    pass(DELAY);
    progress.end();
    expect(seen).toEqual({ lines: [], line: '', taskbar: null });
  });
});

test('a download that goes on says at its end what came now', () => {
  const { progress, pass, seen } = terminal();
  const download = { event: 'download', version: '2.0.0', package: 1, packages: 1 } as const;
  const measure = { length: 45_600_000, resumed: 41_900_000, rate: null, left: null };
  follow(progress, { ...download, ...measure, state: 'receiving', received: 41_900_000, fetched: 0 });
  pass(1000);
  follow(progress, { ...download, ...measure, state: 'done', received: 45_600_000, fetched: 3_700_000 });
  expect(seen.lines).toEqual(['Downloaded 2.0.0: 3.7 MB in 1.0 s.']);
});

test('an update is shown from the feed to the trial start', () => {
  const { progress, pass, seen } = terminal();
  const download = {
    event: 'download',
    version: '2.0.0',
    package: 1,
    packages: 1,
    length: 100,
    resumed: 0,
    fetched: 0,
  } as const;
  const events: Parameters<typeof follow>[1][] = [
    { event: 'checking', feed: 'https://feed.example.org/', channel: 'stable' },
    { ...download, state: 'receiving', received: 50, rate: 10, left: 5000 },
    { ...download, state: 'done', received: 100, rate: null, left: null },
    { event: 'verified', version: '2.0.0', bytes: 1 },
    { event: 'snapshot', id: 'x', reason: '', added: 0, milliseconds: 1, warnings: 0 },
    { event: 'staging', version: '2.0.0', route: 'full', bytes: 1 },
    { event: 'progress', done: 1, total: 2 },
    { event: 'staged', version: '2.0.0', milliseconds: 1 },
    { event: 'probing', version: '2.0.0' },
    { event: 'probed', version: '2.0.0', ok: true, detail: '', milliseconds: 1 },
  ] as Parameters<typeof follow>[1][];
  const shown = events.map((event) => {
    follow(progress, event);
    pass(DELAY);
    return seen.line;
  });
  expect(shown).toEqual([
    'Reading the feed...',
    expect.stringContaining('Downloading 2.0.0'),
    '',
    'Taking a snapshot...',
    '',
    'Preparing 2.0.0...',
    expect.stringContaining('Preparing 2.0.0  [#########---------]   50 %'),
    '',
    'Trying 2.0.0...',
    '',
  ]);
  expect(seen.taskbar).toBeNull();
});

test('a rollback is shown from the snapshot to the trial start', () => {
  const { progress, pass, seen } = terminal();
  const events: Parameters<typeof follow>[1][] = [
    { event: 'stopping', pids: [1] },
    { event: 'taking snapshot', reason: '' },
    { event: 'progress', done: 1, total: 2 },
    { event: 'snapshot', id: 'x', reason: '', added: 0, milliseconds: 1, warnings: 0 },
    { event: 'staging', version: '1.0.0', route: 'kept here', bytes: 1 },
    { event: 'progress', done: 1, total: 2 },
    { event: 'restoring folders', snapshot: 'x', files: 1, bytes: 2 },
    { event: 'progress', done: 1, total: 2 },
    { event: 'folders', snapshot: 'x', files: 1, bytes: 2, removed: 0, leftAlone: [], milliseconds: 1 },
    { event: 'probing', version: '1.0.0' },
    { event: 'probed', version: '1.0.0', ok: true, detail: '', milliseconds: 1 },
  ];
  const shown = events.map((event) => {
    follow(progress, event);
    pass(DELAY);
    return seen.line;
  });
  const half = (label: string) => expect.stringContaining(`${label}  [#########---------]   50 %`);
  expect(shown).toEqual([
    ...['', 'Taking a snapshot...', half('Taking a snapshot'), ''],
    ...['Preparing 1.0.0...', half('Preparing 1.0.0')],
    ...['Restoring the folders...', half('Restoring the folders'), ''],
    ...['Trying 1.0.0...', ''],
  ]);
  expect(seen.taskbar).toBeNull();
});
