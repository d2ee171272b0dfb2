/** What is taken for a pack of blocks. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import { nativeHost } from '../../../lib/platform/native.ts';
import { Blocks } from '../../../lib/snapshot/store/blocks.ts';
import { openWorkshop, type Workshop } from '../workshop.ts';

let workshop: Workshop;
beforeEach(async () => {
  workshop = openWorkshop();
  fs.writeFileSync(join(workshop.root('data'), 'a'), 'a text that packs well. '.repeat(100));
  await workshop.take();
});
afterEach(() => workshop.remove());

const open = () => new Blocks(nativeHost().disk, workshop.layout);

test('is no unfinished one, no list of damaged blocks, and no folder', () => {
  const { packs } = workshop.layout;
  const [pack = ''] = fs.readdirSync(packs);
  fs.writeFileSync(join(packs, 'half.tmp'), 'half of it');
  fs.writeFileSync(join(packs, `${pack}.lost`), '');
  fs.mkdirSync(join(packs, 'folder'));
  const blocks = open();
  expect(blocks.packs).toEqual([pack]);
  expect([...blocks.damaged.keys()]).toEqual(['folder']);
  blocks.close();
});

test('is nothing where there is no store', () => {
  fs.rmSync(workshop.layout.packs, { recursive: true });
  expect(open().packs).toEqual([]);
});
