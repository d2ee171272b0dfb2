/**
 * What was decided on this machine about versions, `<home>/choices.json`: skipped, put off, or tried and found not to
 * work. And how the last update ended, for whoever switched telemetry on.
 */
import { array, type Decoded, integer, line, nullable, object, oneOf } from '../format/decoder.ts';
import { version } from '../version/semver.ts';
import { type HomeFile, homeFile } from './home-file.ts';

/** How the last update ended; the route that it took; how long it took, from the package to the new version. */
export const LAST_UPDATES = ['updated', 'reverted', 'rolled-back', 'failed'] as const;
export const LAST_ROUTES = ['patch', 'chain', 'full'] as const;
export const LAST_DURATIONS = ['under-10s', 'under-1m', 'under-10m', 'longer'] as const;

const MAX_REMEMBERED = 200;

const time = integer(0, 253_402_300_799_999, 'milliseconds since 1970');

const shape = object({
  schema: oneOf(1),
  /** Not to be offered any more. */
  skipped: array(version, 0, MAX_REMEMBERED),
  /** Nothing is to be offered until then. */
  remindAfter: nullable(time),
  /** Tried here, and taken back: not offered again by itself. */
  quarantined: array(object({ version, reason: line(1000), at: time }), 0, MAX_REMEMBERED),
  lastUpdate: nullable(
    object({
      ended: oneOf(...LAST_UPDATES),
      route: nullable(oneOf(...LAST_ROUTES)),
      duration: nullable(oneOf(...LAST_DURATIONS)),
    }),
  ),
});

export type Choices = Decoded<typeof shape>;

export const NO_CHOICES: Choices = {
  schema: 1,
  skipped: [],
  remindAfter: null,
  quarantined: [],
  lastUpdate: null,
};

export const choicesFile: HomeFile<Choices> = homeFile(
  { name: 'choices.json', what: 'choices' },
  shape,
  NO_CHOICES,
);

export function withQuarantine(choices: Choices, entry: Choices['quarantined'][number]): Choices {
  const others = choices.quarantined.filter((other) => other.version !== entry.version);
  return { ...choices, quarantined: [...others, entry].slice(-MAX_REMEMBERED) };
}

export function withSkipped(choices: Choices, skipped: string): Choices {
  const others = choices.skipped.filter((other) => other !== skipped);
  return { ...choices, skipped: [...others, skipped].slice(-MAX_REMEMBERED) };
}

/** A version that was installed and works is neither skipped nor in quarantine, and nothing is put off any more. */
export function withInstalled(choices: Choices, installed: string): Choices {
  return {
    ...choices,
    skipped: choices.skipped.filter((other) => other !== installed),
    quarantined: choices.quarantined.filter((other) => other.version !== installed),
    remindAfter: null,
  };
}
