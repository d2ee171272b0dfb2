/** What holds a release back: by whom, and how to lift it. */
import type { Decider, Held, Hold, Owner, PreferenceKey, Setting } from '../../api/index.ts';
import { type LocalOffset, localTime } from '../../api/words.ts';

export interface HoldContext {
  /** They name who pinned a version, or wants it to be old enough. */
  settings: readonly Setting[];
  localOffset: LocalOffset;
  /** The command is `update` itself: it is no advice to type that. */
  typed: boolean;
}

/** @param managedBy the package manager whose command does what `update` would */
export function holdText(
  held: Held,
  { settings, localOffset, typed }: HoldContext,
  managedBy: Owner | null,
): string {
  const { version, why } = held;
  const own = managedBy === null ? null : `\`${managedBy.command}\``;
  const take = own ?? `\`dgmo-updater update --version ${version}\``;
  const update = own ?? (typed ? take : '`dgmo-updater update`');
  switch (why) {
    case 'revoked':
      return 'its publisher has revoked it';
    case 'floor':
      return 'it is older than what is accepted here';
    case 'quarantined':
      return `it was tried here and did not work; ${take} tries it again`;
    case 'unreachable':
      return 'it cannot be installed over this version';
    case 'rollout':
      return `it is being rolled out, and not yet to this installation; ${take} does not wait`;
    case 'rolled back':
      return `you went back from it; ${update} installs it again`;
    case 'skipped':
      return `you skipped it; \`dgmo-updater unskip ${version}\` lifts that`;
    case 'later':
      return `you have put updates off; ${update} offers it now`;
    case 'major':
      return `it is a new major version; ${update} offers it`;
    case 'pinned': {
      const { value, decidedBy, variable } = settingOf(settings, 'pin');
      return `${value} is pinned by ${WHO[decidedBy]}${liftPin(decidedBy, variable)}`;
    }
    case 'young': {
      const { value, decidedBy } = settingOf(settings, 'minimumAge');
      const until = held.until === undefined ? '' : `, which it is on ${localTime(held.until, localOffset)}`;
      const how = decidedBy === 'policy' ? 'nobody else can lift that' : `${take} does not wait`;
      return `${WHO[decidedBy]} decided that it has to be known here for ${value}${until}; ${how}`;
    }
  }
}

/** Why a release that is offered would not have been: it is offered because the user asks, or because it is required. */
export function despiteText(why: Hold, mandatory: boolean): string {
  const because = mandatory ? 'it is required' : 'you ask for it';
  return `${DESPITE[why] ?? 'It was held back'}; it is offered because ${because}.`;
}

const DESPITE: Partial<Record<Hold, string>> = {
  'rolled back': 'You went back from it before',
  skipped: 'You skipped it before',
  later: 'You have put updates off',
  major: 'It is a new major version',
  rollout: 'It is still being rolled out',
};

const WHO: Record<Decider, string> = {
  policy: 'the administrator of this machine',
  environment: 'the environment',
  user: 'you',
  default: 'the default',
};

function liftPin(decidedBy: Decider, variable: string): string {
  if (decidedBy === 'policy') return ', who alone can lift that';
  return decidedBy === 'environment'
    ? `: unset ${variable} to lift that`
    : '; `dgmo-updater unpin` lifts that';
}

function settingOf(
  settings: readonly Setting[],
  key: PreferenceKey,
): Pick<Setting, 'value' | 'decidedBy' | 'variable'> {
  return settings.find((one) => one.key === key) ?? { value: 'none', decidedBy: 'default', variable: '' };
}
