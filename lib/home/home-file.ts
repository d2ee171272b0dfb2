/** A small JSON file in the home, decoded strictly, replaced durably, and changed by one process at a time. */
import { BusyError, DamagedError } from '../errors.ts';
import { type Decoder, decodeInput } from '../format/decoder.ts';
import { parseJson } from '../format/json.ts';
import { tellable } from '../platform/failures.ts';
import { createDirectories, readFile, replaceDurably } from '../platform/files.ts';
import type { Host, Lock } from '../platform/host.ts';
import { pathsOf } from '../platform/path-flavour.ts';

const LIMIT = 256 * 1024;
/** Milliseconds: whoever holds the lock writes one small file. */
const PATIENCE = 5000;
const PAUSE = 20;

type Machine = Pick<Host, 'disk' | 'platform' | 'locks' | 'clock'>;

export interface HomeFile<Value> {
  path(host: Machine, home: string): string;
  /** The defaults where there is none. DamagedError names the field that is wrong, MachineError what can't be read. */
  load(host: Machine, home: string): Value;
  /**
   * Replaces the value by what `change` makes of the current one, whoever wrote that. Returns the new value. Throws
   * UsageError if `change` returns a value that would not load again, BusyError if another process keeps the file for
   * too long, and what `load` throws.
   */
  change(host: Machine, home: string, change: (value: Value) => Value): Promise<Value>;
}

/** `what` stands for the value in messages about values that a caller handed in. */
export function homeFile<Value>(
  { name, what }: { name: string; what: string },
  decode: Decoder<Value>,
  defaults: Value,
): HomeFile<Value> {
  const pathOf = ({ platform }: Machine, home: string) => pathsOf(platform).join(home, name);
  return {
    path: pathOf,
    load(host, home) {
      const file = pathOf(host, home);
      try {
        const bytes = readFile(host.disk, file, LIMIT);
        return bytes === null ? defaults : decode(parseJson(bytes, file), file);
      } catch (error) {
        if (!(error instanceof DamagedError)) throw tellable(error, file);
        throw new DamagedError(error.message, {
          advice: `Mend ${file}, or remove it: then the defaults hold.`,
          cause: error,
        });
      }
    },
    async change(host, home, change) {
      const file = pathOf(host, home);
      const path = pathsOf(host.platform);
      const lock = await lockOf(host, () => createDirectories(host.disk, home, path.dirname), file);
      try {
        const value = decodeInput(decode, change(this.load(host, home)), what);
        const bytes = new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
        replaceDurably(host.disk, file, home, bytes);
        return value;
      } catch (error) {
        throw tellable(error, file);
      } finally {
        lock.release();
      }
    },
  };
}

async function lockOf({ locks, clock }: Machine, prepare: () => void, file: string): Promise<Lock> {
  const begun = clock.monotonic();
  for (;;) {
    try {
      prepare();
      const lock = locks.acquire(`${file}.lock`);
      if (lock !== null) return lock;
    } catch (error) {
      throw tellable(error, file);
    }
    if (clock.monotonic() - begun > PATIENCE) {
      throw new BusyError(`${file} is being changed by another process`, { advice: 'Try again.' });
    }
    await clock.sleep(PAUSE);
  }
}
