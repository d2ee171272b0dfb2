/**
 * New roots are published beside a new timestamp, and clients look for roots first: at no effect may there be a root
 * without a feed that it vouches for.
 */
import { describe, expect, test } from 'bun:test';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { nativeDisk } from '../../lib/platform/native-disk.ts';
import { initialize } from '../../release/repository/initialize.ts';
import { rotate } from '../../release/repository/signing/replace-key.ts';
import { FaultInjector, Stopped } from '../host/faults.ts';
import { KEYS, ROOT, SIGNERS, signersWith } from '../release/repository/simulated.ts';
import { testKey } from '../trust/keys.ts';
import { clientOf, filesOf, host, publishOn, scratch, stoppable } from './support.ts';

const feed = { rootJson: JSON.parse(new TextDecoder().decode(ROOT)) };
const OLD = { root: 2, targets: 11, snapshot: 21, timestamp: 31 } as const;

describe('a feed whose key was replaced can be read at every effect of its publication:', () => {
  for (const role of ['root', 'targets', 'snapshot', 'timestamp'] as const) {
    test(role, async () => {
      using place = scratch();
      const repository = place.at('repository');
      await initialize(host, repository, { app: 'dgmo', root: ROOT }, SIGNERS);
      const start = place.at('start');
      await publishOn(nativeDisk, repository, start);
      await clientOf(feed, start, place.at('old-client')).refresh();
      const { id } = testKey(OLD[role]);
      const fresh = testKey(77);
      const signers = signersWith([...KEYS, fresh]);
      await rotate(host, repository, { role, replaced: [id], added: [fresh] }, signers);
      const rootVersions: number[] = [];
      for (let at = 0, complete = false; !complete; at++) {
        const to = place.at(`to-${at}`);
        cpSync(start, to, { recursive: true });
        const injector = new FaultInjector({ at, fault: { kind: 'stop' } });
        try {
          await publishOn(stoppable(injector), repository, to);
          complete = true;
        } catch (error) {
          expect(error).toBeInstanceOf(Stopped);
        }
        const memory = place.at(`memory-${at}`);
        cpSync(place.at('old-client'), memory, { recursive: true });
        await clientOf(feed, to, memory).refresh();
        await clientOf(feed, to, place.at(`new-${at}`)).refresh();
        rootVersions.push(rootVersionIn(memory));
        await publishOn(nativeDisk, repository, to);
        expect(filesOf(to)).toEqual(filesOf(repository));
      }
      expect(rootVersions).toEqual(rootVersions.toSorted((a, b) => a - b));
      expect(rootVersions.at(0)).toBe(1);
      expect(rootVersions.at(-1)).toBeGreaterThan(1);
    });
  }
});

/** A client keeps no root as long as the compiled-in one, the first, is the newest. */
function rootVersionIn(memory: string): number {
  const file = path.join(memory, 'root.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).signed.version : 1;
}
