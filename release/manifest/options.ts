/** The options of `bundle` and `add` that describe a release, and the part of its manifest that they make. */
import { UsageError } from '../../lib/errors.ts';
import {
  type DGMOVersion,
  isNewer,
  isVersion,
  RISK_LEVELS,
  UPDATE_TYPES,
  type UpdateType,
} from '../../lib/version/index.ts';
import { choice, wholeNumber } from '../command.ts';
import { readInput } from '../files.ts';
import { type EvolutionFolder, readEvolution } from './evolution.ts';
import { parseNotes } from './notes.ts';

export const DESCRIBE_OPTIONS = {
  notes: { type: 'string' },
  type: { type: 'string' },
  risk: { type: 'string' },
  evolution: { type: 'string', multiple: true, default: [] as string[] },
  'data-version': { type: 'string' },
  'rollback-min': { type: 'string' },
  'no-rollback': { type: 'boolean', default: false },
  confirm: { type: 'string' },
  'release-date': { type: 'string' },
} as const;

export const DESCRIBE_HELP = `\
  --notes <file.md>        release notes; lists under "Added", "Fixed", ... become entries
  --type <t>               ${UPDATE_TYPES.join(', ')} (default: by the numbers)
  --risk <r>               ${RISK_LEVELS.join(', ')} (default low)
  --evolution <dir>        a plugin that comes with it: <dir>/evolution.json describes it, and every package carries all
                           files of the folder; may be repeated
  --data-version <n>       format of the user data, never less than that of an earlier release (default: that of the newest
                           earlier release in the repository, else 1)
  --rollback-min <v>       lowest version to roll back to (default: any)
  --no-rollback            it cannot be rolled back
  --confirm <seconds>      it confirms its health within this time after a start, and is taken back where it does not
  --release-date <time>    ISO 8601 (default: now)
`;

export interface DescribeValues {
  notes?: string | undefined;
  type?: string | undefined;
  risk?: string | undefined;
  evolution: string[];
  'data-version'?: string | undefined;
  'rollback-min'?: string | undefined;
  'no-rollback': boolean;
  confirm?: string | undefined;
  'release-date'?: string | undefined;
}

/** A manifest without its binaries. */
export type ManifestDraft = Omit<DGMOVersion, 'binaries'>;

export interface Description {
  /** Whether any of the options was given. */
  readonly given: boolean;
  readonly evolutions: readonly EvolutionFolder[];
  /** Markdown. */
  readonly notes: string;
  /** The format of the user data; null if it was not given. */
  readonly dataVersion: number | null;
  /**
   * @param from the release before; null if this is the first
   * @param size bytes to download
   * @param now the release date if none was given, in milliseconds since the epoch
   * @param dataVersion the format of the user data if none was given
   */
  describe(from: string | null, size: number, now: number, dataVersion?: number): ManifestDraft;
}

export function readDescription(version: string, values: DescribeValues): Description {
  const type = values.type === undefined ? null : choice('--type', values.type, UPDATE_TYPES, 'patch');
  const riskLevel = choice('--risk', values.risk, RISK_LEVELS, 'low');
  const rollbackMin = values['rollback-min'];
  if (rollbackMin !== undefined) {
    requireVersion('--rollback-min', rollbackMin);
    if (isNewer(rollbackMin, version)) {
      throw new UsageError(`--rollback-min: wanted at most ${version}, found ${rollbackMin}`);
    }
  }
  const asked = values['data-version'];
  const given = asked === undefined ? null : wholeNumber('--data-version', asked, 1, [0, 0x7fffffff]);
  const seconds =
    values.confirm === undefined ? null : wholeNumber('--confirm', values.confirm, 1, [1, 3600]);
  const date = readDate(values['release-date']);
  const changes = parseNotes(
    values.notes === undefined ? '' : new TextDecoder().decode(readInput(values.notes)),
    values.notes,
  );
  const evolutions = readEvolutions(values.evolution);
  const noRollback = values['no-rollback'];
  return {
    evolutions,
    notes: changes.notes,
    dataVersion: given,
    given: evolutions.length > 0 || noRollback || NAMES.some((name) => values[name] !== undefined),
    describe: (from, size, now, dataVersion = FIRST_FORMAT) => ({
      version,
      releaseDate: date ?? now,
      updates: {
        from,
        type: type ?? typeByNumbers(version, from),
        size,
        changes,
        riskLevel,
      },
      evolutions: evolutions.map(({ entry }) => entry),
      rollback: {
        supported: !noRollback,
        minVersion: rollbackMin ?? ANY_VERSION,
        dataVersion: given ?? dataVersion,
      },
      ...(seconds === null ? {} : { schema: 2 as const, confirm: { seconds } }),
    }),
  };
}

/** Below every release: data goes back together with the executable, so by default every rollback is possible. */
const ANY_VERSION = '0.0.0';

/** Of the user data, if nobody has said another one. */
export const FIRST_FORMAT = 1;

const NAMES = ['notes', 'type', 'risk', 'data-version', 'rollback-min', 'confirm', 'release-date'] as const;

function readEvolutions(folders: readonly string[]): EvolutionFolder[] {
  const evolutions = folders.map(readEvolution);
  const ids = evolutions.map(({ entry }) => entry.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new UsageError(`--evolution: wanted each id once, found ${twice} twice`);
  return evolutions;
}

export function requireVersion(option: string, value: string): void {
  if (!isVersion(value)) {
    const bare = value.replace(/^v/i, '');
    throw new UsageError(
      `${option}: wanted a semantic version such as 1.2.3, found ${JSON.stringify(value)}`,
      isVersion(bare) ? { advice: `Write it without the v: ${bare}` } : {},
    );
  }
}

function readDate(value: string | undefined): number | null {
  if (value === undefined) return null;
  const time = Date.parse(value);
  if (Number.isNaN(time)) {
    throw new UsageError(
      `--release-date: wanted a time such as 2030-01-31T12:00:00Z, found ${JSON.stringify(value)}`,
    );
  }
  return time;
}

/** By the first number that differs from the release before; for the first release, from 0.0. */
function typeByNumbers(version: string, from: string | null): UpdateType {
  const [major, minor] = version.split('.', 2);
  const [fromMajor, fromMinor] = (from ?? '0.0').split('.', 2);
  if (major !== fromMajor) return 'major';
  return minor !== fromMinor ? 'minor' : 'patch';
}
