/**
 * DGMO's own word that it may be updated now, `<home>/idle.json`: which of its processes do nothing that an update could disturb.
 */
import { array, type Decoded, integer, object, oneOf, time } from '../format/decoder.ts';
import { type HomeFile, homeFile } from '../home/home-file.ts';

const MAX_PROCESSES = 100;
/** Milliseconds for which a word counts: ids of processes are used again. */
const VALID = 12 * 3_600_000;

const shape = object({
  schema: oneOf(1),
  idle: array(
    object({
      pid: integer(1, Number.MAX_SAFE_INTEGER),
      at: time,
    }),
    0,
    MAX_PROCESSES,
  ),
});

type IdleWords = Decoded<typeof shape>;

export const idleFile: HomeFile<IdleWords> = homeFile({ name: 'idle.json', what: 'idle' }, shape, {
  schema: 1,
  idle: [],
});

export function withWord({ idle }: IdleWords, pid: number, isIdle: boolean, now: number): IdleWords {
  const others = idle.filter((word) => word.pid !== pid && isValid(word.at, now));
  return { schema: 1, idle: isIdle ? [...others, { pid, at: now }].slice(-MAX_PROCESSES) : others };
}

export function idleProcesses({ idle }: IdleWords, now: number): number[] {
  return idle.filter(({ at }) => isValid(at, now)).map(({ pid }) => pid);
}

function isValid(at: number, now: number): boolean {
  return at <= now && now - at < VALID;
}
