/** Evolutions through a feed on a real server: what the updater downloads carries them, and installs as before. */
import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { joinPackages, readPackage, verifyPayloads } from '../../../lib/package/index.ts';
import { memorySource } from '../../../lib/platform/files.ts';
import { decodeRoot } from '../../../lib/trust/index.ts';
import { openStage } from '../../update/stage.ts';
import type { TestEvolution } from '../feed.ts';
import { noise } from '../run.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

/** 5,000 bytes that do not compress, so that they show in the size of a download. */
const search = (text: string): TestEvolution => ({
  id: 'search',
  description: 'Searches',
  autoApply: true,
  files: { 'index.js': text, 'bin/data': noise(9, 5000) },
});

posixOnly('an update to a release with evolutions', () => {
  for (const route of ['patch', 'chain', 'full'] as const) {
    test(`by ${route} carries those of the release`, async () => {
      await using stage = await openStage();
      const deltas = route === 'full' ? 0 : 1;
      if (route === 'chain') await stage.release('1.1.0', { deltas, evolutions: [search('of 1.1.0')] });
      await stage.release('2.0.0', { deltas, evolutions: [search('of 2.0.0')] });

      const manager = stage.manager();
      const update = await manager.checkForUpdates();
      if (update === null) throw new Error('nothing is offered');
      const downloaded = await manager.downloadUpdate(update);
      expect(downloaded.route).toBe(route);
      const files = downloaded.files.map((file) => readFileSync(file));
      expect(update.downloadSize).toBe(files.reduce((sum, { length }) => sum + length, 0));
      expect(update.downloadSize).toBeGreaterThan(5000 * files.length);

      const root = decodeRoot(stage.feed.root);
      const contents = joinPackages(files.map((bytes) => readPackage(memorySource(bytes), root)));
      await verifyPayloads(contents);
      expect(contents.evolutions()).toEqual([
        {
          id: 'search',
          description: 'Searches',
          autoApply: true,
          version: '2.0.0',
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
          size: expect.any(Number),
        },
      ]);
      const archive = await contents.evolution('search');
      const found = archive.files.map(({ path, mode, bytes }) => [path, mode, bytes.length]);
      expect(found).toEqual([
        ['bin/data', 0o755, 5000],
        ['evolution.json', 0o644, expect.any(Number)],
        ['index.js', 0o644, 8],
      ]);
      expect(Buffer.from(archive.files[2]?.bytes ?? []).toString()).toBe('of 2.0.0');

      await manager.applyUpdate(downloaded);
      expect(stage.version()).toBe('2.0.0');
    });
  }
});
