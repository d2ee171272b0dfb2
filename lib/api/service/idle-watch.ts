/** Whether an update would disturb a session of DGMO now. */

import type { Session } from '../../install/index.ts';
import { isTarget, runningCopies } from '../../install/process/running.ts';
import type { Desktop } from '../../platform/desktop/desktop.ts';
import { AWAY, isIdle, type Reading, usedSince } from '../../service/decision.ts';
import { idleFile, idleProcesses } from '../../service/sessions.ts';

/** Milliseconds between two questions to the desktop, each of which starts processes. */
const ASK_PAUSE = 5 * 60_000;

export class IdleWatch {
  readonly #session: Session;
  readonly #home: string;
  readonly #desktop: Desktop;
  #known: readonly number[] = [];
  #asked: number | null = null;
  #quiet: Reading | null = null;

  constructor(session: Session, home: string, desktop: Desktop) {
    this.#session = session;
    this.#home = home;
    this.#desktop = desktop;
  }

  async isIdle(): Promise<boolean> {
    const { host } = this.#session;
    const saidIdle = idleProcesses(idleFile.load(host, this.#home), host.clock.now());
    // Looking at every process of the machine takes longer than asking for one.
    if (this.#known.some((pid) => !saidIdle.includes(pid) && host.processes.isAlive(pid)))
      return this.#isAway(this.#known);
    this.#known = this.#running();
    if (isIdle({ running: this.#known, saidIdle, untouched: null, used: null })) return true;
    return this.#isAway(this.#known);
  }

  /** This process included, if DGMO runs the service itself. */
  #running(): number[] {
    const { pid } = this.#session.host.processes;
    return [...runningCopies(this.#session), ...(isTarget(this.#session, pid) ? [pid] : [])];
  }

  async #isAway(running: readonly number[]): Promise<boolean> {
    const now = this.#session.host.clock.monotonic();
    if (this.#asked !== null && now - this.#asked < ASK_PAUSE) return false;
    this.#asked = now;
    const untouched = await this.#desktop.untouched();
    const time = untouched === null ? null : await this.#desktop.processorTime(running);
    if (untouched === null || untouched < AWAY || time === null) {
      this.#quiet = null;
      return false;
    }
    const { first, used } = usedSince(this.#quiet, { pids: running.join(), at: now, time });
    this.#quiet = first;
    return isIdle({ running, saidIdle: [], untouched, used });
  }
}
