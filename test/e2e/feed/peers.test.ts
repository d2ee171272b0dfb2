/**
 * What stands between the compiled updater and the feed, what speaks in its place, and what becomes of its home. All at
 * once on one install: much of it is waiting, since a package is asked for six times with growing pauses, and nothing of
 * it may change the install.
 */
import { afterAll, beforeAll, describe } from 'bun:test';
import { openSharedWorkshop, type Workshop } from '../../support/workshop.ts';
import { attacks } from './attacks.ts';
import { eachFile } from './each-file.ts';
import { homes } from './home.ts';
import { proxies } from './proxies.ts';
import { openStanding, type Standing } from './standing.ts';
import { transport } from './transport.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('the feed, and what is not it:', () => {
  let shop: Workshop;
  let opened: Standing;
  beforeAll(async () => {
    shop = await openSharedWorkshop();
    opened = await openStanding(shop);
  });
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
    shop?.remove();
  });
  const standing = () => opened;

  eachFile(standing);
  proxies(standing);
  transport(standing);
  attacks(standing);
  homes(standing);
});
