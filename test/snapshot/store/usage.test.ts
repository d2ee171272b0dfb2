import { afterEach, beforeEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import { usageOf } from '../../../lib/snapshot/index.ts';
import { dice, openWorkshop, type Workshop } from '../workshop.ts';

let workshop: Workshop;

beforeEach(() => {
  workshop = openWorkshop();
});

afterEach(() => workshop.remove());

const roll = dice(1);
const noise = (size: number) => Buffer.from(Array.from({ length: size }, () => roll(256)));

test('what a snapshot has for itself is what pruning it gives back; what others have as well is shared', async () => {
  const root = workshop.root('data');
  fs.writeFileSync(join(root, 'stays'), noise(50_000));
  fs.writeFileSync(join(root, 'goes'), noise(20_000));
  const first = await workshop.take();
  fs.rmSync(join(root, 'goes'));
  fs.writeFileSync(join(root, 'comes'), noise(30_000));
  const second = await workshop.take();
  const usage = usageOf(workshop.host, workshop.layout, workshop.snapshots());
  const trees = 2_000;
  expect(Math.abs((usage.get(first.id)?.own ?? 0) - 20_000)).toBeLessThan(trees);
  expect(Math.abs((usage.get(second.id)?.own ?? 0) - 30_000)).toBeLessThan(trees);
  expect(Math.abs((usage.get(first.id)?.shared ?? 0) - 50_000)).toBeLessThan(trees);
  expect(usage.get(second.id)?.shared).toBe(usage.get(first.id)?.shared ?? -1);
});

test('one whose tree can not be read has none', async () => {
  fs.writeFileSync(join(workshop.root('data'), 'file'), 'content');
  const snapshot = await workshop.take();
  fs.rmSync(join(workshop.layout.trees, snapshot.components.data.roots[0]?.tree ?? ''));
  expect(usageOf(workshop.host, workshop.layout, [snapshot]).size).toBe(0);
});
