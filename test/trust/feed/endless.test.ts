/** Endless data and endless work (TUF specification 1.5.2): what is too much is refused before it is read, or worked on. */
import { expect, test } from 'bun:test';
import { TrustError } from '../../../lib/errors.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import { simulatedHost } from '../../host/host.ts';
import { clientOf, feedOn, kept, refused } from './client.ts';
import { changed, Repository } from './repository.ts';

const encode = (text: string) => new TextEncoder().encode(text);

test('more than was asked for, for every file', async () => {
  for (const name of ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json']) {
    const repository = new Repository();
    repository.answer = (asked) => (asked === name ? new Uint8Array(5_000_001).fill(32) : undefined);
    await refused(clientOf(repository).refresh(), TrustError, /wanted at most \d+ bytes, found more/);
  }
});

test('a length in signed metadata lowers the bound and never raises it', async () => {
  const repository = new Repository();
  const limits = new Map<string, number>();
  const source = {
    get: (url: string, maxLength: number) => {
      limits.set(url.split('/').at(-1) ?? '', maxLength);
      return repository.get(url);
    },
  };
  const host = () => simulatedHost({ disk: new SimulatedDisk(), versionOf: () => null });
  await feedOn(host(), repository, { source }).refresh();
  expect(limits.get('1.targets.json')).toBe(repository.files.get('1.targets.json')?.length ?? -1);
  repository.meta.set('targets.json', { version: 1, length: Number.MAX_SAFE_INTEGER });
  repository.publish();
  await refused(feedOn(host(), repository, { source }).refresh(), TrustError, /Expected length/);
  expect(limits.get('1.targets.json')).toBe(5_000_000);
  repository.meta.set('targets.json', { version: 1 });
  repository.publish();
  await feedOn(host(), repository, { source }).refresh();
  expect(limits.get('1.targets.json')).toBe(5_000_000);
  expect(Object.fromEntries(limits)).toMatchObject({ '2.root.json': 512_000, 'timestamp.json': 16_384 });
});

test('a list that is too long is refused before anything is done with it', async () => {
  // Unsigned: whoever answers in the server's place can send it. With the libraries alone each takes minutes.
  const many = <Entry>(entry: (index: number) => Entry) => Array.from({ length: 40_000 }, (_, i) => entry(i));
  const named = (value: unknown) => Object.fromEntries(many((index) => [`a${index}`, value]));
  const signed: [string, string, Record<string, unknown>][] = [
    ['2.root.json', 'keys', { keys: named(1) }],
    ['2.root.json', 'roles', { roles: named(1) }],
    ['1.snapshot.json', 'meta', { meta: named({ version: 1 }) }],
    ['1.targets.json', 'targets', { targets: named(1) }],
    ['1.targets.json', 'delegations.keys', { delegations: { keys: named(1), roles: [] } }],
    ['1.targets.json', 'delegations.roles', { delegations: { keys: {}, roles: many(() => 1) } }],
  ];
  for (const [name, field, change] of signed) {
    const repository = new Repository();
    repository.describe = 'version';
    repository.meta.set('targets.json', { version: 1 });
    repository.publish();
    const asked = name.replace('1.snapshot', '2.snapshot');
    const model = name === '2.root.json' ? '1.root.json' : asked;
    repository.answer = (one) =>
      one === asked
        ? changed(repository.files.get(model), (json: { signed: object }) =>
            Object.assign(json.signed, change),
          )
        : undefined;
    await refused(
      clientOf(repository).refresh(),
      TrustError,
      new RegExp(`signed\\.${field}: wanted at most 1024 entries, found 40000`),
    );
  }
  const repository = new Repository();
  repository.answer = (name) =>
    name === '2.root.json'
      ? changed(repository.files.get('1.root.json'), (json: { signatures: unknown }) => {
          json.signatures = many(() => 1);
        })
      : undefined;
  await refused(clientOf(repository).refresh(), TrustError, /signatures: wanted at most 1024 entries/);
});

test('as many entries as are allowed', async () => {
  const names = Array.from({ length: 1023 }, (_, index) => [`file-${index}`, 'x']);
  const feed = clientOf(new Repository({ files: Object.fromEntries([['dgmo.json', 'one'], ...names]) }));
  expect((await feed.target('dgmo.json'))?.length).toBe(3);
});

test('brackets within brackets, deeper than any stack', async () => {
  for (const name of ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json']) {
    const repository = new Repository();
    repository.describe = 'version';
    repository.meta.set('targets.json', { version: 1 });
    repository.publish();
    const asked = name.replace('1.snapshot', '2.snapshot');
    const depth = name === 'timestamp.json' ? 4000 : 200_000;
    const model = repository.files.get(name === '2.root.json' ? '1.root.json' : asked);
    const text = new TextDecoder().decode(model);
    repository.answer = (one) =>
      one === asked
        ? encode(text.replace('"signed":{', `"signed":{"x":${'['.repeat(depth)}${']'.repeat(depth)},`))
        : undefined;
    await refused(clientOf(repository).refresh(), TrustError, /found 0|stack/);
  }
});

test('256 new roots are walked and kept; more are refused until the next run', async () => {
  const repository = new Repository();
  const disk = new SimulatedDisk();
  for (let count = 0; count < 256; count++) repository.publishRoot();
  await clientOf(repository, { disk: disk.clone() }).refresh();
  repository.publishRoot();
  await refused(clientOf(repository, { disk }).refresh(), TrustError, /at most 256 new roots/);
  await clientOf(repository, { disk }).refresh();
  expect(JSON.parse(kept(disk, 'root.json') ?? '').signed.version).toBe(258);
});
