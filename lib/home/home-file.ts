/** A small JSON file in the home: decoded strictly, replaced as a whole, and changed by one process at a time. */
import { BusyError, DamagedError } from '../errors.ts';
import { type Decoder, decodeInput } from '../format/decoder.ts';
import { parseEdited } from '../format/json.ts';
import { asUpdaterError } from '../platform/failures.ts';
import { createDirectories, readFile, replaceDurably, replaceUnflushed } from '../platform/files.ts';
import type { Host, Lock } from '../platform/host.ts';
import { lockWithPatience } from '../platform/lock-with-patience.ts';
import { pathsOf } from '../platform/path-flavour.ts';

const LIMIT = 256 * 1024;
/** In milliseconds. The holder of the lock writes only one small file. */
const PATIENCE = { limit: 5000, pause: 20 };

type Machine = Pick<Host, 'disk' | 'platform' | 'locks' | 'clock'>;

export interface HomeFile<Value> {
  path(host: Machine, home: string): string;
  /** Returns the defaults if there is no file. Throws DamagedError, which names the wrong field, or MachineError. */
  load(host: Machine, home: string): Value;
  /**
   * Calls `change` with the current value, saves what it returns, and returns that. Throws UsageError if it is invalid,
   * BusyError if another process locks the file for too long, and what `load` throws.
   */
  change(host: Machine, home: string, change: (value: Value) => Value): Promise<Value>;
  /** What is in the file, by a decoder that demands less; null if there is none. Throws what `load` does. */
  read<Content>(host: Machine, home: string, decode: Decoder<Content>): Content | null;
  /** Like `change`, but without a file it is given null, and what it returns is saved as it is. */
  amend<Content>(
    host: Machine,
    home: string,
    decode: Decoder<Content>,
    change: (content: Content | null) => object,
  ): Promise<void>;
  /** Saves the defaults with those of the fields that are valid. Returns the names of the others. Throws what `change` does. */
  salvage(host: Machine, home: string, fields: Readonly<Record<string, unknown>>): Promise<string[]>;
}

/**
 * @param file.what names the value in messages about invalid values of a caller
 * @param file.mayBeLost a power cut may damage it: then it is not flushed. Default: false
 * @param file.isRepaired `repair` mends it. Default: false, since who needs it next writes it anew
 */
export function homeFile<Value extends object>(
  {
    name,
    what,
    mayBeLost = false,
    isRepaired = false,
  }: { name: string; what: string; mayBeLost?: boolean; isRepaired?: boolean },
  decode: Decoder<Value>,
  defaults: Value,
): HomeFile<Value> {
  const pathOf = ({ platform }: Machine, home: string) => pathsOf(platform).join(home, name);
  const read = <Read>(host: Machine, home: string, decoded: Decoder<Read>): Read | null => {
    const file = pathOf(host, home);
    try {
      const bytes = readFile(host.disk, file, LIMIT);
      return bytes === null ? null : decoded(parseEdited(bytes, file), file);
    } catch (error) {
      if (!(error instanceof DamagedError)) throw asUpdaterError(error, file);
      if (error.advice !== undefined) throw error;
      const otherwise = isRepaired ? 'run `dgmo-updater repair`' : 'remove it';
      throw new DamagedError(error.message, { advice: `Correct ${file}, or ${otherwise}.`, cause: error });
    }
  };
  const saving = async <Saved>(host: Machine, home: string, next: () => Saved): Promise<Saved> => {
    const file = pathOf(host, home);
    try {
      const lock = await lockOf(host, file, home);
      try {
        const value = next();
        const bytes = new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
        if (mayBeLost) replaceUnflushed(host.disk, file, bytes);
        else replaceDurably(host.disk, file, home, bytes);
        return value;
      } finally {
        lock.release();
      }
    } catch (error) {
      throw asUpdaterError(error, file);
    }
  };
  return {
    path: pathOf,
    load: (host, home) => read(host, home, decode) ?? defaults,
    read,
    change(host, home, change) {
      return saving(host, home, () => decodeInput(decode, change(this.load(host, home)), what));
    },
    async amend(host, home, decoded, change) {
      await saving(host, home, () => change(read(host, home, decoded)));
    },
    async salvage(host, home, fields) {
      let salvaged = defaults;
      const lost: string[] = [];
      for (const [field, value] of Object.entries(fields)) {
        try {
          salvaged = decode({ ...salvaged, [field]: value }, what);
        } catch (error) {
          if (!(error instanceof DamagedError)) throw error;
          lost.push(field);
        }
      }
      await this.change(host, home, () => salvaged);
      return lost;
    },
  };
}

async function lockOf(host: Machine, file: string, home: string): Promise<Lock> {
  createDirectories(host.disk, home, pathsOf(host.platform).dirname);
  const lock = await lockWithPatience(host, `${file}.lock`, PATIENCE);
  if (lock !== null) return lock;
  throw new BusyError(`${file} is being changed by another process`, { advice: 'Try again.' });
}
