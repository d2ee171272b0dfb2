/** The record of the running service: kept in memory, and saved at every change. That it can't be saved stops nothing. */
import { DamagedError, UpdaterError } from '../../errors.ts';
import type { Session } from '../../install/index.ts';
import { removeIfThere } from '../../platform/files.ts';
import { type ServiceRecord, serviceFile, withTold } from '../../service/record.ts';

const NEXT_CHECK = 'next check ';

export class Journal {
  readonly #session: Session;
  readonly #home: string;
  #record: ServiceRecord;
  /** Whether an update was waiting when the earlier run ended. */
  readonly wasWaiting: boolean;

  /** Throws MachineError if the record of an earlier run can't be read. One that is damaged begins anew. */
  constructor(session: Session, home: string) {
    const { host, layout } = session;
    this.#session = session;
    this.#home = home;
    try {
      this.#record = serviceFile.load(host, home);
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      removeIfThere(host.disk, serviceFile.path(host, home));
      this.#record = serviceFile.load(host, home);
    }
    const { pid, told, pending } = this.#record;
    this.wasWaiting = pending !== null;
    this.#record = {
      ...this.#record,
      // Who starts the service again wants to know; a process that has begun anew goes on with what it has said.
      told: pid === host.processes.pid ? told : told.filter((what) => !what.startsWith(NEXT_CHECK)),
      pid: host.processes.pid,
      startedAt: host.clock.now(),
      installDir: layout.installDir,
      pending: null,
    };
  }

  get record(): ServiceRecord {
    return this.#record;
  }

  async note(changes: Partial<Omit<ServiceRecord, 'schema'>>): Promise<void> {
    this.#record = { ...this.#record, ...changes };
    try {
      await serviceFile.change(this.#session.host, this.#home, () => this.#record);
    } catch (error) {
      if (!(error instanceof UpdaterError)) throw error;
      this.#session.emit({ event: 'warning', text: `${error.message}.` });
    }
  }

  isNextCheckNew(at: number | null): boolean {
    return !this.#record.told.includes(`${NEXT_CHECK}${at}`);
  }

  /** @param isSaid whether the next check was just said */
  noteSchedule(schedule: Pick<ServiceRecord, 'lastCheck' | 'nextCheck'>, isSaid: boolean): Promise<void> {
    if (!isSaid) return this.note(schedule);
    const told = this.#record.told.filter((what) => !what.startsWith(NEXT_CHECK));
    return this.note({ ...schedule, told: withTold(told, `${NEXT_CHECK}${schedule.nextCheck}`) });
  }

  /** Whether it is the first time. */
  async tellOnce(what: string): Promise<boolean> {
    const { told } = this.#record;
    if (told.includes(what)) return false;
    await this.note({ told: withTold(told, what) });
    return true;
  }

  /** What begins like this may be told again. */
  async forget(beginning: string): Promise<void> {
    const told = this.#record.told.filter((what) => !what.startsWith(beginning));
    if (told.length < this.#record.told.length) await this.note({ told });
  }
}
