/**
 *     npm run fuzz                                   every target by turns, for ten minutes
 *     npm run fuzz -- model light --minutes 60       some of them
 *     npm run fuzz -- model --case 27                one case again
 *
 * Makes patches that no encoder makes, and executables that no linker makes, and applies them (targets.ts says what there is).
 * Prints every finding with the command that repeats it, and in the end what became of the cases. Exit code 1 if there was one.
 */
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { TARGET_NAMES } from './targets.ts';
import type { Report, Work } from './worker.ts';

/** Seconds of processor time: most cases take less than one, some of the second decoder fifteen. */
const HANGS = 120;

const { values, positionals } = parseArgs({
  args: Bun.argv.slice(2),
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '10' }, case: { type: 'string' }, from: { type: 'string' } },
});
for (const name of positionals) {
  if (!TARGET_NAMES.includes(name))
    throw new Error(`there is no target ${name}, only ${TARGET_NAMES.join(', ')}`);
}

const only = values.case === undefined ? null : Number(values.case);
// Without a case, no run repeats the last one.
const from = only ?? Number(values.from ?? Math.floor(Math.random() * 2 ** 30));
const work: Work = {
  targets: positionals.length > 0 ? positionals : TARGET_NAMES,
  from,
  to: only === null ? Number.POSITIVE_INFINITY : from + 1,
};

const outcomes = new Map<string, Map<string, number>>();
const slowest = new Map<string, number>();
const begun = performance.now();
let findings = 0;
let current = { target: '', number: 0, since: 0 };

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function count(target: string, outcome: string): void {
  const counts = outcomes.get(target) ?? new Map<string, number>();
  outcomes.set(target, counts.set(outcome, (counts.get(outcome) ?? 0) + 1));
}

function find(message: string): void {
  findings++;
  const { target, number } = current;
  count(target, 'finding');
  console.log(`\nnpm run fuzz -- ${target} --case ${number}\n${message}`);
}

function end(): never {
  const minutes = (performance.now() - begun) / 60_000;
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  let cases = 0;
  for (const [target, counts] of outcomes) {
    for (const number of counts.values()) cases += number;
    const told = [...counts].map(([outcome, number]) => `${number} ${outcome}`).join(', ');
    console.log(`${target.padEnd(12)} ${told}; slowest ${((slowest.get(target) ?? 0) / 1000).toFixed(1)} s`);
  }
  console.log(
    `${cases} cases from ${from} on in ${minutes.toFixed(1)} minutes, ${findings} findings, ${peak} MB at most`,
  );
  process.exit(findings === 0 ? 0 : 1);
}

const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: work });
worker.on('message', (report: Report) => {
  if (report.kind === 'begins') current = { ...report, since: processorTime() };
  else if (report.kind === 'finding') find(report.message);
  else if (report.kind === 'done') end();
  else {
    count(current.target, report.outcome);
    slowest.set(current.target, Math.max(slowest.get(current.target) ?? 0, report.milliseconds));
    if (performance.now() - begun > Number(values.minutes) * 60_000) end();
  }
});
worker.on('error', (error) => {
  find(`the thread ended: ${error}`);
  end();
});
function endIfHung(): void {
  if (processorTime() - current.since < HANGS) return;
  find(`it has not ended after ${HANGS} s`);
  end();
}
setInterval(endIfHung, 1000);
