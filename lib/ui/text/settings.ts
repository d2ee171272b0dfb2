/** The settings for people: what each is for, and what it may be. */
import type { Decider, PreferenceKey } from '../../api/index.ts';

export interface SettingText {
  /** Words that it may be; empty if it is something else. */
  words: readonly string[];
  /** What it may be, if that is more than words. */
  values: string;
  about: string;
}

const ON_OFF = ['on', 'off'] as const;

const words = (list: readonly string[], about: string): SettingText => ({
  words: list,
  values: list.join(', '),
  about,
});
const other = (values: string, about: string): SettingText => ({ words: ['none'], values, about });

export const SETTING_TEXTS: Record<PreferenceKey, SettingText> = {
  updates: words(
    ON_OFF,
    'off: nothing is looked for, downloaded or installed, by anybody; rollback still works',
  ),
  autoUpdate: words(
    ['all', 'security', 'manual', 'off'],
    'what the background service installs by itself; manual: it only tells; off: it does nothing',
  ),
  updateWindow: other(
    'a time such as 02:00-05:00, or none',
    'when the background service may install, by the local clock',
  ),
  onMetered: words(['wait', 'go'], 'what the background service does on a network that is paid by volume'),
  onBattery: words(['wait', 'go'], 'what the background service does on battery'),
  channel: { words: [], values: 'a name', about: 'the channel of the feed, such as stable or beta' },
  pin: other('a version, or none', 'the only version that is offered'),
  build: words(
    ['auto', 'modern', 'baseline'],
    'of two builds for x64: auto: what suits the processor; baseline: the one for those before 2013',
  ),
  majors: words(
    ['ask', 'auto'],
    'ask: a new major version is never installed without asking; auto: it is treated like any other',
  ),
  minimumAge: other(
    'an age such as 3d or 12h, or none',
    'how long a release must have been known on this machine before it is offered',
  ),
  securityAtOnce: words(ON_OFF, 'on: security releases do not wait for minimumAge'),
  ring: other('1 to 100, or none', 'the percent of a staged rollout that comes here with; none: by lot'),
  feed: other('an address, or none', 'where releases come from; none: the feed of init, or the built-in one'),
  checkApi: other('an address, or none', 'a check API that is asked besides the feed'),
  telemetry: words(ON_OFF, 'on: four anonymous fields for the check API, listed in README.md'),
  caFile: other('a full path, or none', 'a PEM file with authorities to trust besides the built-in ones'),
  configFolder: other('a full path, or none', 'the folder with the config; none: the usual one'),
  pluginsFolder: other('a full path, or none', 'the folder with the plugins; none: the usual one'),
  dataFolder: other('a full path, or none', 'the folder with the data; none: the usual one'),
  evolutionsFolder: other('a full path, or none', 'the folder with the evolutions; none: the usual one'),
  snapshotExclude: other('patterns with commas, or none', 'what snapshots leave out besides caches and logs'),
  snapshotInclude: other('patterns with commas, or none', 'what snapshots include in any case'),
  snapshotsKept: {
    words: [],
    values: '1 to 1000',
    about: 'how many snapshots are kept besides the pinned ones',
  },
};

/** `the administrator (/etc/dgmo-updater/policy.json)`. */
export function deciderText(decidedBy: Decider, where: string | null): string {
  const place = where === null ? '' : ` (${where})`;
  return `${DECIDERS[decidedBy]}${place}`;
}

const DECIDERS: Record<Decider, string> = {
  policy: 'the administrator',
  environment: 'the environment',
  user: 'you',
  default: 'the default',
};
