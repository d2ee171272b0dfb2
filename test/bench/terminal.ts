/**
 *     bun test/bench/terminal.ts [<updates>]
 *
 * A program in a terminal updates itself 1,000 times in one process. After each update it looks at its terminal, signals,
 * descriptors and limits: all must be as they were. Linux only.
 */
import { liveInTerminal } from '../support/terminal-life.ts';

const updates = Number(process.argv[2] ?? 1000);
const begun = performance.now();
const { states, pids, said } = await liveInTerminal({ updates, patience: updates * 10_000 });
const seconds = (performance.now() - begun) / 1000;
const kinds = new Map<string, number>();
for (const state of states) kinds.set(state, (kinds.get(state) ?? 0) + 1);
console.log(
  `${updates} updates in ${seconds.toFixed(0)} s, ${new Set(pids).size} process, ${kinds.size} states of the terminal and the process ` +
    `(wanted 2: as it was started, and as it was set by the program itself): ${[...kinds.values()].join(' and ')} starts`,
);
const sound = new Set(pids).size === 1 && kinds.size === 2 && said.includes('code=42');
if (!sound) console.log([...kinds.keys()].join('\n'));
process.exitCode = sound ? 0 : 1;
