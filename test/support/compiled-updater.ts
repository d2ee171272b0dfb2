/** How tests of the compiled updater begin: it is compiled once for all of a file, and a test may have a stage of its own. */
import { afterAll, afterEach, beforeAll, beforeEach } from 'bun:test';
import { openStage, type Stage } from '../update/stage.ts';
import { openSharedWorkshop, type Workshop } from './workshop.ts';

export interface Compiled {
  shop: Workshop;
  /** Without a root inside: it trusts the one in its home. */
  updater: string;
}

/** Before the tests around it: hands over what they all have in common, which is removed after them. */
export function withUpdater(begin: (compiled: Compiled) => unknown): void {
  let shop: Workshop | undefined;
  beforeAll(async () => {
    shop = await openSharedWorkshop();
    await begin({ shop, updater: await shop.rootlessUpdater() });
  });
  afterAll(() => shop?.remove());
}

/** Before each of them, a stage as well. */
export function withStages(begin: (opened: Compiled & { stage: Stage }) => unknown): void {
  let compiled: Compiled;
  let stage: Stage | undefined;
  withUpdater((made) => {
    compiled = made;
  });
  beforeEach(async () => {
    stage = await openStage();
    await begin({ ...compiled, stage });
  });
  afterEach(() => stage?.[Symbol.asyncDispose]());
}
