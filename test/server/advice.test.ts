import { afterAll, describe, expect, test } from 'bun:test';
import type { ChannelIndex } from '../../lib/version/index.ts';
import { Advice, advise } from '../../release/server/advice.ts';
import { feedFolder } from '../support/servers/feed-folder.ts';

const feed = feedFolder({ releases: ['1.3.0', '1.2.0', '1.1.0', '1.0.0'] });
afterAll(() => feed[Symbol.dispose]());

function index(changes: Partial<ChannelIndex>, ...rollouts: number[]): ChannelIndex {
  const releases = feed.index.releases.map((entry, at) => ({ ...entry, rollout: rollouts[at] ?? 100 }));
  return { ...feed.index, releases, ...changes };
}

const offered = (found: ChannelIndex, installed: string) => advise(found, installed).update?.version ?? null;

describe('the check API advises', () => {
  test('the newest release, with what it costs from there', () => {
    const [newest] = feed.index.releases;
    const patch = newest?.packages.find(({ kind }) => kind === 'patch');
    const full = newest?.packages.find(({ kind }) => kind === 'full');
    expect(advise(index({}), '1.2.0')).toEqual({
      schema: 1,
      update: {
        version: '1.3.0',
        type: 'minor',
        riskLevel: 'low',
        mandatory: false,
        size: patch?.length ?? 0,
        releaseDate: newest?.releaseDate ?? 0,
        rollout: 100,
      },
    });
    expect(advise(index({}), '1.1.0').update?.size).toBe(full?.length ?? 0);
  });

  test('nothing to who has the newest, or a newer one', () => {
    expect(offered(index({}), '1.3.0')).toBeNull();
    expect(offered(index({}), '2.0.0')).toBeNull();
    expect(offered(index({ releases: [] }), '1.0.0')).toBeNull();
  });

  test('no release that is revoked, or not rolled out yet', () => {
    expect(offered(index({ revoked: [{ version: '1.3.0', reason: 'bad' }] }), '1.0.0')).toBe('1.2.0');
    expect(offered(index({}, 0, 0), '1.0.0')).toBe('1.1.0');
    expect(offered(index({}, 0, 0), '1.1.0')).toBeNull();
  });

  test('how far the rollout of it goes', () => {
    expect(advise(index({}, 5), '1.0.0').update?.rollout).toBe(5);
  });

  test('that it must be, below the minimum, and then whatever the rollout', () => {
    const found = index({ minimum: '1.3.0' }, 0);
    expect(advise(found, '1.2.0').update).toMatchObject({ version: '1.3.0', mandatory: true, rollout: 0 });
    expect(advise(index({ minimum: '1.1.0' }), '1.1.0').update?.mandatory).toBe(false);
  });

  test('no release that cannot be reached from there', () => {
    const found = index({});
    const releases = found.releases.map((entry) => ({
      ...entry,
      minimumFrom: entry.version === '1.3.0' ? '1.2.0' : null,
    }));
    expect(offered({ ...found, releases }, '1.1.0')).toBe('1.2.0');
    expect(offered({ ...found, releases }, '1.2.0')).toBe('1.3.0');
    const bare = found.releases.map((entry) => ({
      ...entry,
      packages: entry.version === '1.3.0' ? [] : entry.packages,
    }));
    expect(offered({ ...found, releases: bare }, '1.1.0')).toBe('1.2.0');
  });

  test('the same bytes again, from memory, of one index alone', () => {
    const advice = new Advice();
    const found = index({});
    expect(advice.answer(found, '1.0.0')).toBe(advice.answer(found, '1.0.0'));
    for (let patch = 0; patch < 1000; patch++) advice.answer(found, `0.0.${patch}`);
    expect(new TextDecoder().decode(advice.answer(found, '1.3.0'))).toBe('{"schema":1,"update":null}');
    expect(JSON.parse(new TextDecoder().decode(advice.answer(index({}, 0), '1.0.0'))).update.version).toBe(
      '1.2.0',
    );
  });
});
