/** The timestamp is asked for with the root, and whatever becomes of the root, nothing is left on the way. */
import { describe, expect, test } from 'bun:test';
import { NetworkError } from '../../../lib/errors.ts';
import { eagerSource, type MetadataSource } from '../../../lib/trust/index.ts';

const ROOT = 'https://feed/2.root.json';
const TIMESTAMP = { url: 'https://feed/timestamp.json', maxLength: 100 };
const bytes = (text: string) => new TextEncoder().encode(text);

/** Answers when it is told to, and remembers what it was asked for and what was given up. */
function manualSource() {
  const asked: {
    url: string;
    answer: PromiseWithResolvers<Uint8Array | null>;
    signal: AbortSignal | undefined;
  }[] = [];
  const source: MetadataSource = {
    get(url, _maxLength, signal) {
      const answer = Promise.withResolvers<Uint8Array | null>();
      asked.push({ url, answer, signal });
      return answer.promise;
    },
  };
  const at = (index: number) => {
    const found = asked[index];
    if (found === undefined) throw new RangeError(`nothing was asked for the ${index + 1}th time`);
    return found;
  };
  return { source: eagerSource(source, TIMESTAMP), asked: () => asked.map(({ url }) => url), at };
}

describe('the timestamp', () => {
  test('is asked for once, with the root, and given to who asks next', async () => {
    const { source, asked, at } = manualSource();
    const root = source.get(ROOT, 10);
    expect(asked()).toEqual([ROOT, TIMESTAMP.url]);
    at(0).answer.resolve(null);
    at(1).answer.resolve(bytes('early'));
    expect(await root).toBeNull();
    expect(await source.get(TIMESTAMP.url, 100)).toEqual(bytes('early'));
    expect(asked()).toHaveLength(2);
    void source.get(TIMESTAMP.url, 100);
    expect(asked()).toHaveLength(3);
  });

  test('is asked for again after a new root', async () => {
    const { source, asked, at } = manualSource();
    const root = source.get(ROOT, 10);
    at(1).answer.resolve(bytes('signed by old keys'));
    at(0).answer.resolve(bytes('root'));
    expect(await root).toEqual(bytes('root'));
    expect(at(1).signal?.aborted).toBe(true);
    const next = source.get('https://feed/3.root.json', 10);
    at(2).answer.resolve(null);
    at(3).answer.resolve(bytes('new'));
    expect(await next).toBeNull();
    expect(await source.get(TIMESTAMP.url, 100)).toEqual(bytes('new'));
    expect(asked()).toEqual([ROOT, TIMESTAMP.url, 'https://feed/3.root.json', TIMESTAMP.url]);
  });

  test('is given up if the root fails, and its own failure then troubles nobody', async () => {
    const { source, at } = manualSource();
    const root = source.get(ROOT, 10);
    at(0).answer.reject(new NetworkError('gone'));
    await expect(root).rejects.toThrow('gone');
    expect(at(1).signal?.aborted).toBe(true);
    at(1).answer.reject(new NetworkError('given up'));
  });

  test('fails who asks for it as it failed', async () => {
    const { source, at } = manualSource();
    const root = source.get(ROOT, 10);
    at(1).answer.reject(new NetworkError('no timestamp'));
    at(0).answer.resolve(null);
    await root;
    await expect(source.get(TIMESTAMP.url, 100)).rejects.toThrow('no timestamp');
  });

  test('is given up, and not asked for early again, once the refresh is over', async () => {
    const { source, asked, at } = manualSource();
    const root = source.get(ROOT, 10);
    at(0).answer.resolve(null);
    await root;
    source.stop();
    expect(at(1).signal?.aborted).toBe(true);
    void source.get(ROOT, 10);
    expect(asked()).toEqual([ROOT, TIMESTAMP.url, ROOT]);
  });
});
