/**
 * Decisions about versions on this machine, `<home>/choices.json`: which ones are skipped, postponed, or quarantined because
 * they did not work. Also how the last update ended, for telemetry.
 */
import {
  array,
  type Decoded,
  hex,
  integer,
  line,
  nullable,
  object,
  oneOf,
  optional,
  time,
} from '../format/decoder.ts';
import { isNewer, version } from '../version/semver.ts';
import { asLine } from './checks.ts';
import { type HomeFile, homeFile } from './home-file.ts';

/** How the last update ended, by which route, and how long it took from the package to the new version. */
export const LAST_UPDATES = ['updated', 'reverted', 'rolled-back', 'failed'] as const;
export const LAST_ROUTES = ['patch', 'chain', 'full'] as const;
export const LAST_DURATIONS = ['under-10s', 'under-1m', 'under-10m', 'longer'] as const;

export const MAX_REMEMBERED = 200;
const MAX_REASON = 1000;

/** For how long nothing is offered: at most a hundred years. */
export const postponement = integer(0, 100 * 365 * 86_400_000, 'milliseconds');

const shape = object({
  schema: oneOf(1, 2, 3),
  /** Versions that are no longer offered. */
  skipped: array(version, 0, MAX_REMEMBERED),
  /** Versions that the user has left by a rollback. They are not offered, and it is not said that they were skipped. */
  rolledBack: optional(array(object({ version, at: time }), 0, MAX_REMEMBERED), []),
  /** Nothing is offered before this time. */
  remindAfter: nullable(time),
  /**
   * Versions that were tried here and did not work. They are offered only if the user names one. With a digest it is that
   * executable alone: the processor can't run it, and the version may have another build.
   */
  quarantined: array(
    object({ version, reason: line(MAX_REASON), at: time, sha256: optional(hex(32), undefined) }),
    0,
    MAX_REMEMBERED,
  ),
  /** The last version whose build for newer processors was ended by an instruction that this one lacks; null: none. */
  illegalInstruction: optional(nullable(object({ version, at: time })), null),
  lastUpdate: nullable(
    object({
      ended: oneOf(...LAST_UPDATES),
      route: nullable(oneOf(...LAST_ROUTES)),
      duration: nullable(oneOf(...LAST_DURATIONS)),
    }),
  ),
});

interface Quarantined {
  version: string;
  reason: string;
  at: number;
  /** Of the only executable that it is about; undefined: all of the version. */
  sha256?: string | undefined;
}

export type Choices = Omit<Decoded<typeof shape>, 'schema' | 'quarantined'> & {
  schema: 3;
  quarantined: Quarantined[];
};

export const NO_CHOICES: Choices = {
  schema: 3,
  skipped: [],
  rolledBack: [],
  remindAfter: null,
  quarantined: [],
  illegalInstruction: null,
  lastUpdate: null,
};

export const choicesFile: HomeFile<Choices> = homeFile(
  { name: 'choices.json', what: 'choices', isRepaired: true },
  (value, path) => ({ ...shape(value, path), schema: 3 }),
  NO_CHOICES,
);

/** How an update or a rollback ended. */
export type UpdateOutcome =
  | { ended: 'installed'; version: string; route: LastRoute | null; milliseconds: number }
  /** The new version did not work, and the old one is back. `version` is the new version, or null if it is unknown. */
  | {
      ended: 'reverted';
      version: string | null;
      reason: string;
      /** Set if an instruction ended it that this processor lacks: SHA-256 of the build for newer processors. */
      tooModern?: string | undefined;
      route: LastRoute | null;
      milliseconds: number;
    }
  /** Nothing was changed. */
  | { ended: 'failed'; route: LastRoute | null; milliseconds: number }
  | { ended: 'rolled back'; from: string; to: string };
export type LastRoute = (typeof LAST_ROUTES)[number];

/**
 * The choices after an outcome. A version that works is no longer skipped or quarantined, and nothing is postponed. A version
 * that did not work is quarantined. A newer version that the user has rolled back is not offered again.
 *
 * @param now milliseconds since the epoch
 */
export function withOutcome(choices: Choices, outcome: UpdateOutcome, now: number): Choices {
  switch (outcome.ended) {
    case 'installed':
      return { ...withInstalled(choices, outcome.version), lastUpdate: summary('updated', outcome) };
    case 'reverted': {
      const { version, reason, tooModern: sha256 } = outcome;
      const entry =
        version === null ? null : { version, reason: asLine(reason, MAX_REASON), at: now, sha256 };
      const quarantined = entry === null ? choices : withQuarantine(choices, entry);
      return { ...quarantined, lastUpdate: summary('reverted', outcome) };
    }
    case 'failed':
      return { ...choices, lastUpdate: summary('failed', outcome) };
    case 'rolled back': {
      const { from, to } = outcome;
      const left = isNewer(from, to) ? withRolledBack(choices, from, now) : choices;
      const lastUpdate = { ended: 'rolled-back', route: null, duration: null } as const;
      return { ...withInstalled(left, to), lastUpdate };
    }
  }
}

type LastUpdate = NonNullable<Choices['lastUpdate']>;

function summary(
  ended: LastUpdate['ended'],
  { route, milliseconds }: { route: LastRoute | null; milliseconds: number },
): LastUpdate {
  return { ended, route, duration: durationWord(milliseconds) };
}

/** A duration is stored, and sent with telemetry, only in this form. */
function durationWord(milliseconds: number): NonNullable<LastUpdate['duration']> {
  if (milliseconds < 10_000) return 'under-10s';
  if (milliseconds < 60_000) return 'under-1m';
  return milliseconds < 600_000 ? 'under-10m' : 'longer';
}

function withQuarantine(choices: Choices, entry: Quarantined): Choices {
  const others = choices.quarantined.filter((other) => other.version !== entry.version);
  return { ...choices, quarantined: [...others, entry].slice(-MAX_REMEMBERED) };
}

type Quarantines = Pick<Choices, 'quarantined'>;

/** Whether that executable of the version was tried here and did not work. */
export function isQuarantined(
  choices: Quarantines,
  { version, binary }: { version: string; binary: { sha256: string } },
): boolean {
  return quarantineOf(choices, { version, sha256: binary.sha256 }) !== undefined;
}

/** When and why that executable was found not to work here; undefined if it was not. */
export function quarantineOf(
  { quarantined }: Quarantines,
  { version, sha256 }: { version: string; sha256: string },
): Quarantined | undefined {
  return quarantined.find(
    (entry) => entry.version === version && (entry.sha256 === undefined || entry.sha256 === sha256),
  );
}

/** From now on the build for older processors is preferred here. */
export function withIllegalInstruction(choices: Choices, version: string, at: number): Choices {
  return { ...choices, illegalInstruction: { version, at } };
}

export function withSkipped(choices: Choices, skipped: string): Choices {
  const others = choices.skipped.filter((other) => other !== skipped);
  return { ...choices, skipped: [...others, skipped].slice(-MAX_REMEMBERED) };
}

function withRolledBack(choices: Choices, left: string, at: number): Choices {
  const others = choices.rolledBack.filter(({ version }) => version !== left);
  return { ...choices, rolledBack: [...others, { version: left, at }].slice(-MAX_REMEMBERED) };
}

/** The version is offered again, and so is everything if it was postponed. */
export function withoutSkipped(choices: Choices, offered: string): Choices {
  return {
    ...choices,
    skipped: choices.skipped.filter((other) => other !== offered),
    rolledBack: choices.rolledBack.filter(({ version }) => version !== offered),
    remindAfter: null,
  };
}

/** A version that was installed and works is no longer skipped or quarantined, and nothing is postponed. */
function withInstalled(choices: Choices, installed: string): Choices {
  return {
    ...choices,
    skipped: choices.skipped.filter((other) => other !== installed),
    rolledBack: choices.rolledBack.filter(({ version }) => version !== installed),
    quarantined: choices.quarantined.filter((other) => other.version !== installed),
    remindAfter: null,
  };
}
