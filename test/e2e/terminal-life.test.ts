/** A program that updates itself keeps its terminal, as if nothing had happened. `test/bench/terminal.ts` does it 1,000 times. */
import { describe, expect, test } from 'bun:test';
import { liveInTerminal } from '../support/terminal-life.ts';

const linuxOnly = process.platform === 'linux' && Bun.which('bash') !== null ? describe : describe.skip;

linuxOnly('a program that becomes the updater, which becomes its other version', () => {
  const UPDATES = 8;

  test('keeps terminal modes, process, signals, descriptors, limits, job control and exit code', async () => {
    const { states, pids, said, code } = await liveInTerminal({ updates: UPDATES, patience: 200_000 });
    const half = (UPDATES >> 1) + 1;
    expect(new Set(pids).size).toBe(1);
    expect([...new Set(states.slice(0, half))]).toEqual([states[0] ?? '']);
    expect([...new Set(states.slice(half))]).toEqual([states[half] ?? '']);
    // Only the modes of the terminal were changed, by the program itself.
    const withoutModes = (state: string | undefined) => state?.split('\n').slice(1);
    expect(withoutModes(states[half])).toEqual(withoutModes(states[0]));
    // What hides and shows the cursor is the program's own.
    for (const code of ['?25l', '?25h', '?1049h', '?1049l'])
      expect(said.split(`\u001b[${code}`)).toHaveLength(2);
    expect(said).toContain('code=42');
    expect(said).toContain('same terminal');
    expect(code).toBe(7);
  });
});
