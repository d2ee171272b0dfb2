/**
 * A publisher of a feed who holds the real keys and can be made to do anything: what a thief of some of them would
 * publish, and what a server that replays old files would answer. The files below `targets/` are those of the stage's feed.
 */
import fs from 'node:fs';
import path from 'node:path';
import { openKey, type SigningKey } from '../../../lib/trust/index.ts';
import { type ChannelIndex, decodeIndex, indexPath, parseTarget } from '../../../lib/version/index.ts';
import { PASSPHRASE } from '../../release/run.ts';
import { NATIVE_PLATFORM } from '../../support/workshop.ts';
import { type Delegation, digest, Repository } from '../../trust/feed/repository.ts';
import { type Stage, serveFrom } from '../../update/stage.ts';

const target = parseTarget(NATIVE_PLATFORM) ?? { platform: 'linux', arch: 'x64' };
const INDEX = indexPath('stable', target);
/** The role that vouches for the index. */
export const ROLE = NATIVE_PLATFORM;

export type FeedKeys = Record<'root' | 'targets' | 'snapshot' | 'timestamp', SigningKey[]>;

export interface Publisher extends AsyncDisposable {
  /** Its roles have the real keys. */
  repository: Repository;
  keys: FeedKeys;
  /** Of the stage's feed: a copy to be changed. */
  index(): ChannelIndex;
  /** Signs it and all that follows from it; anything may stand in it. `more`: roles that are asked before the right one. */
  publish(index?: unknown, more?: Delegation[]): void;
  /** Answers in place of what was published; names without the leading slash. */
  answer(name: string): Response | undefined;
  /** Ends with a slash. */
  url: string;
}

/** `keys`: from `feedKeys`, once for all publishers of a stage. */
export function openPublisher(stage: Stage, keys: FeedKeys): Publisher {
  const repository = new Repository({});
  repository.files.set('1.root.json', stage.feed.root);
  repository.roles.root = { keys: keys.root, threshold: 2 };
  for (const role of ['targets', 'snapshot', 'timestamp'] as const)
    repository.roles[role] = { keys: keys[role], threshold: 1 };
  const indexes = new Map<string, string>();
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request) {
      const name = decodeURIComponent(new URL(request.url).pathname).slice(1);
      return publisher.answer(name) ?? published(name) ?? serveFrom(stage.feed.folder, name, request);
    },
  });
  const published = (name: string): Response | undefined => {
    if (indexes.has(name)) return new Response(indexes.get(name));
    if (!name.startsWith('metadata/')) return undefined;
    const file = [...repository.files.keys()].find((one) => `metadata/${decodeURIComponent(one)}` === name);
    return file === undefined
      ? new Response('', { status: 404 })
      : new Response(Buffer.from(repository.files.get(file) ?? ''));
  };
  const publisher: Publisher = {
    repository,
    keys,
    index: () => realIndex(stage),
    publish(index = realIndex(stage), more = []) {
      const text = JSON.stringify(index);
      indexes.set(`targets/${path.posix.dirname(INDEX)}/${digest(text)}.${path.posix.basename(INDEX)}`, text);
      repository.publishTargets(ROLE, { files: { [INDEX]: text } }, keys.targets);
      const role = { name: ROLE, keys: keys.targets, paths: [`channels/*/${NATIVE_PLATFORM}.json`] };
      repository.publish({ delegations: [...more, role] });
    },
    answer: () => undefined,
    url: `http://127.0.0.1:${server.port}/`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
  publisher.publish();
  return publisher;
}

export function feedKeys(stage: Stage): FeedKeys {
  const of = (role: string) =>
    fs
      .readdirSync(stage.feed.keys)
      .filter((name) => name.startsWith(`${role}-`))
      .map((name) => openKey(fs.readFileSync(path.join(stage.feed.keys, name)), PASSPHRASE));
  return {
    root: of('root'),
    targets: of('targets'),
    snapshot: of('snapshot'),
    timestamp: of('timestamp'),
  };
}

/** The newest one in the folder: that with the most releases. */
function realIndex(stage: Stage): ChannelIndex {
  const folder = path.join(stage.feed.folder, 'targets', path.dirname(INDEX));
  const found = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith(`.${NATIVE_PLATFORM}.json`))
    .map((name) => decodeIndex(fs.readFileSync(path.join(folder, name))))
    .sort((a, b) => b.releases.length - a.releases.length)[0];
  if (found === undefined) throw new Error('the feed has no index');
  return found;
}
