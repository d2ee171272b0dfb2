/**
 * Slow retrieval, from the check on: a server process that sends a byte at a time, or nothing more at all. Time passes
 * thirty times as fast for the client, so that the limits that hold for everybody are met within a test.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { NetworkError } from '../../../lib/errors.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { nativeNetwork } from '../../../lib/platform/network/native.ts';
import type { NetworkSettings } from '../../../lib/platform/network/network.ts';
import { type Serving, serveFolder } from '../../trust/feed/serving.ts';
import { openStage, type Stage } from '../stage.ts';

const FASTER = 30;
const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('a feed that is too slow', () => {
  let stage: Stage;
  let server: Serving;
  beforeAll(async () => {
    stage = await openStage();
    await stage.release('2.0.0', { deltas: 0 });
    server = await serveFolder(stage.feed.folder);
  });
  afterAll(async () => {
    await server?.stop();
    await stage?.[Symbol.asyncDispose]();
  });

  let homes = 0;
  function freshHome(): string {
    const home = path.join(stage.folder, `home-${homes++}`);
    fs.mkdirSync(path.join(home, 'trust'), { recursive: true });
    fs.writeFileSync(path.join(home, 'trust/root.json'), stage.feed.root);
    return home;
  }

  /** What the whole of an update ends with; 13, and the old version works. */
  async function refused(behaviour: string, kind: string): Promise<string> {
    const host = nativeHost();
    const { clock } = host;
    const manager = stage.manager({
      // Each is a first contact.
      home: freshHome(),
      feed: `http://127.0.0.1:${server.port}/${behaviour}/${kind}/`,
      host: {
        ...host,
        clock: {
          ...clock,
          monotonic: () => clock.monotonic() * FASTER,
          sleep: (milliseconds) => clock.sleep(milliseconds / FASTER),
        },
      },
      network: quickNetwork,
    });
    const error = await manager
      .checkForUpdates()
      .then((update) =>
        manager.downloadUpdate(update ?? expect.unreachable('nothing is offered'), {
          limits: { attempts: 2 },
        }),
      )
      .then(
        () => expect.unreachable('it came all the same'),
        (thrown: unknown) => thrown,
      );
    expect(error).toBeInstanceOf(NetworkError);
    expect(stage.version()).toBe('1.0.0');
    return (error as NetworkError).message;
  }

  test.concurrent.each(['root', 'timestamp', 'snapshot', 'targets', 'delegated', 'index', 'manifest'])(
    'a byte at a time, at the %s',
    async (kind) => {
      expect(await refused('drip', kind)).toMatch(/did not send all of \/.*\.json within 30 s$/);
    },
  );

  test.concurrent('a byte at a time, at the package', async () => {
    expect(await refused('drip', 'package')).toMatch(/sent less than 1024 bytes a second for 30 s$/);
  });

  test.concurrent.each([
    ['timestamp', 'stall', /sent nothing more within 0\.5 s$/],
    ['timestamp', 'silent', /sent no answer within 0\.5 s$/],
    ['package', 'stall', /sent nothing more within 1 s$/],
    ['package', 'silent', /sent no answer within 1 s$/],
  ])('at the %s: %s', async (kind, behaviour, says) => {
    expect(await refused(behaviour, kind)).toMatch(says);
  });
});

/** The timers of sockets know no other clock than the machine's. So a message tells the shorter time. */
function quickNetwork(settings: NetworkSettings): ReturnType<typeof nativeNetwork> {
  const network = nativeNetwork(settings);
  return {
    request: (request) => network.request({ ...request, idleTimeout: request.idleTimeout / FASTER }),
  };
}
