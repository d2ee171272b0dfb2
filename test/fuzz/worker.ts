/** Runs cases one after the other, in a thread of its own, so that one that never ends can be told. */
import { parentPort, workerData } from 'node:worker_threads';
import { runCase } from './targets.ts';
import { watchAssembly } from './watched-assembly.ts';

export interface Work {
  targets: readonly string[];
  /** The numbers of the cases of each. */
  from: number;
  to: number;
}

export type Report =
  | { kind: 'begins'; target: string; number: number }
  | { kind: 'ended'; outcome: string; milliseconds: number }
  | { kind: 'finding'; message: string }
  | { kind: 'done' };

const report = (message: Report) => parentPort?.postMessage(message);
const { targets, from, to }: Work = workerData;

watchAssembly();
for (let number = from; number < to; number++) {
  for (const target of targets) {
    report({ kind: 'begins', target, number });
    const begun = performance.now();
    try {
      const outcome = await runCase(target, number);
      report({ kind: 'ended', outcome, milliseconds: performance.now() - begun });
    } catch (error) {
      report({ kind: 'finding', message: error instanceof Error ? `${error.stack}` : String(error) });
    }
  }
}
report({ kind: 'done' });
