/** The config against the schema that a release brings, from `release add` to `repair`. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { compileSchema } from '../../lib/format/json-schema/json-schema.ts';
import { parseJsonc } from '../../lib/format/jsonc.ts';
import { validConfig } from '../../lib/health/repair/valid-config.ts';
import { type HealthIssue, SelfHealingSystem, SnapshotManager } from '../../lib/index.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { readConfigSchema } from '../../release/repository/releases/config-schema.ts';
import { openStage, SETTINGS, type Stage } from '../update/stage.ts';

const SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  additionalProperties: false,
  properties: {
    theme: { enum: ['dark', 'light'], description: 'How it looks' },
    model: { type: 'string' },
    keys: {
      type: 'object',
      properties: { leader: { type: 'string', maxLength: 8 }, quit: { type: 'string' } },
    },
    servers: {
      type: 'array',
      items: { type: 'object', required: ['url'], properties: { url: { type: 'string' } } },
    },
  },
};
const GOOD = `{
  // how it looks
  "theme": "dark",
  "model": "large",
  "keys": { "leader": "ctrl+x", "quit": "q" }
}
`;

let stage: Stage;
let config: string;
let pristine: string;
const receipt = () =>
  JSON.parse(fs.readFileSync(path.join(stage.dir, '.dgmo-updater/installed.json'), 'utf8'));
const schemaFile = () =>
  path.join(stage.dir, '.dgmo-updater', `schema-${receipt().receipt.configSchema.sha256.slice(0, 32)}.json`);

beforeAll(async () => {
  stage = await openStage();
  config = path.join(stage.home, 'config', 'dgmo.json');
  fs.mkdirSync(path.dirname(config), { recursive: true });
  fs.writeFileSync(config, GOOD);
  await stage.release('1.1.0', { configSchema: SCHEMA });
  const manager = stage.manager();
  const update = (await manager.checkForUpdates()) ?? expect.unreachable();
  await manager.applyUpdate(await manager.downloadUpdate(update));
  pristine = path.join(stage.folder, 'pristine');
  copyAll(stage.folder, pristine);
});
beforeEach(() => copyAll(pristine, stage.folder));
afterAll(() => stage[Symbol.asyncDispose]());

function copyAll(from: string, to: string): void {
  for (const name of ['bin', 'home']) {
    fs.rmSync(path.join(to, name), { recursive: true, force: true });
    const options = { recursive: true, verbatimSymlinks: true, preserveTimestamps: true };
    fs.cpSync(path.join(from, name), path.join(to, name), options);
  }
}

const place = () => ({ installDir: stage.dir, home: stage.home, settings: SETTINGS });
const health = () => new SelfHealingSystem(place());
const ofConfig = ({ issues }: { issues: HealthIssue[] }) =>
  issues.filter(({ type }) => type.startsWith('config'));
const write = (value: unknown) => fs.writeFileSync(config, JSON.stringify(value));
const read = () => parseJsonc(fs.readFileSync(config), 'it');
const beside = () => fs.readdirSync(path.dirname(config)).filter((name) => name.includes('.damaged-'));

test('a config that follows it is healthy', async () => {
  expect(ofConfig(await health().verify())).toEqual([]);
});

test('verify names the setting, what was wanted, and what was found', async () => {
  write({ theme: 'darkk', colour: 1 });
  expect(ofConfig(await health().verify())).toMatchObject([
    {
      type: 'config_invalid',
      where: config,
      what: 'colour: wanted no other settings than theme, model, keys and servers, found this one; theme: wanted "dark" or "light", found "darkk"',
    },
  ]);
});

test('other files of the folder are not checked by it', async () => {
  fs.writeFileSync(path.join(path.dirname(config), 'package.json'), '{"name":"x"}');
  expect(ofConfig(await health().verify())).toEqual([]);
});

describe('repair', () => {
  test('what is kept has the time of the user’s clock in its name', async () => {
    write({ theme: 'darkk' });
    const native = nativeHost();
    const now = Date.parse('2026-11-26T20:48:23Z');
    const host = {
      ...native,
      clock: { ...native.clock, now: () => now },
      localOffset: () => 5.5 * 3_600_000,
    };
    expect(await new SelfHealingSystem({ ...place(), host }).repair()).toMatchObject({ success: true });
    expect(beside()).toEqual(['dgmo.json.damaged-20261127-021823']);
  });

  test('takes what is wrong from the last good one, and keeps all else and the broken file', async () => {
    write({ theme: 'darkk', model: 'small', colour: 1, keys: { leader: 'much too long', quit: 'x' } });
    const broken = fs.readFileSync(config);
    expect(await health().repair()).toMatchObject({ success: true, failed: [] });
    expect(read()).toEqual({ theme: 'dark', model: 'small', keys: { leader: 'ctrl+x', quit: 'x' } });
    const [kept = ''] = beside();
    expect(kept).toMatch(/^dgmo\.json\.damaged-\d{8}-\d{6}$/);
    expect(fs.readFileSync(path.join(path.dirname(config), kept))).toEqual(broken);
  });

  test('keeps the comments, if nothing but what is wrong was changed', async () => {
    fs.writeFileSync(config, GOOD.replace('"dark"', '"darkk"'));
    await health().repair();
    expect(fs.readFileSync(config, 'utf8')).toBe(GOOD);
  });

  test('does not take an older one that is not valid either', async () => {
    write({ theme: 'black', model: 'old' });
    await new SnapshotManager(place()).createSnapshot('with a config that is not valid');
    write({ theme: 'darkk', model: 'new' });
    await health().repair();
    expect(read()).toMatchObject({ theme: 'dark', model: 'new' });
  });

  test('leaves out what no older one has', async () => {
    write({ servers: [{ url: 'a' }, { address: 'b' }], colour: 1 });
    expect((await health().repair()).success).toBe(true);
    expect(read()).toMatchObject({ servers: [{ url: 'a' }] });
  });

  test('of one that can not be parsed carries over only what is valid', async () => {
    fs.writeFileSync(config, '{"theme": "darkk", "model": "small", "keys": {');
    expect((await health().repair()).success).toBe(true);
    expect(read()).toMatchObject({ theme: 'dark', model: 'small', keys: { leader: 'ctrl+x' } });
  });

  test('puts the default in the place of one of which nothing can be kept', async () => {
    fs.writeFileSync(config, '[]');
    fs.rmSync(path.join(stage.home, '.snapshots'), { recursive: true });
    expect((await health().repair()).success).toBe(true);
    expect(read()).toEqual({});
    expect(beside()).toHaveLength(1);
  });

  test('leaves out what is not valid beside what the user wrote, even if it is the last good one', () => {
    const schema = compileSchema(
      {
        if: { properties: { mode: { const: 'fast' } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { properties: { limit: { type: 'integer' } } },
      },
      'schema',
    );
    const good = { mode: 'slow', limit: 'none' };
    expect(validConfig(schema, { mode: 'fast', limit: 'much' }, good)).toEqual({ mode: 'fast' });
  });

  test('knows when only the user can say what should be there', () => {
    const schema = compileSchema(
      { required: ['model'], properties: { model: { type: 'string' } } },
      'schema',
    );
    expect(validConfig(schema, {}, {})).toBeNull();
    expect(validConfig(schema, { model: 1 }, { model: 2 })).toBeNull();
    expect(validConfig(schema, { model: 1, theme: 'dark' }, { model: 'large' })).toEqual({
      model: 'large',
      theme: 'dark',
    });
  });
});

describe('the schema itself', () => {
  test('is fetched again if it is lost or damaged, and said to be missing until then', async () => {
    for (const damage of [() => fs.rmSync(schemaFile()), () => fs.writeFileSync(schemaFile(), '{}')]) {
      damage();
      fs.rmSync(path.join(stage.home, 'cache'), { recursive: true, force: true });
      const found = await health().verify();
      expect(found.healthy).toBe(true);
      expect(ofConfig(found)).toMatchObject([{ type: 'config_unchecked', severity: 'notice' }]);
      expect(await health().repair()).toMatchObject({ success: true, failed: [] });
      expect(ofConfig(await health().verify())).toEqual([]);
    }
  });

  test('is one file of the feed for all releases that have it, and gone from here with the release', async () => {
    await stage.release('1.2.0', { configSchema: SCHEMA });
    await stage.release('1.3.0');
    const folder = path.join(stage.feed.folder, 'targets/schemas');
    expect(fs.readdirSync(folder)).toHaveLength(1);
    const manager = stage.manager();
    const update = (await manager.checkForUpdates()) ?? expect.unreachable();
    expect(update.version).toBe('1.3.0');
    const file = schemaFile();
    await manager.applyUpdate(await manager.downloadUpdate(update));
    write({ anything: true });
    expect(ofConfig(await health().verify())).toEqual([]);
    expect(fs.existsSync(file)).toBe(false);
    await new SnapshotManager(place()).rollback();
    write({ anything: true });
    // What the older release had is not known here any more, so nothing is held against it.
    expect(ofConfig(await health().verify())).toEqual([]);
  });

  test('that can not decide is said, and the executable is repaired nevertheless', async () => {
    await stage.release('1.4.0', {
      configSchema: { $defs: { a: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' },
    });
    const manager = stage.manager();
    const update = (await manager.checkForUpdates()) ?? expect.unreachable();
    await manager.applyUpdate(await manager.downloadUpdate(update));
    const found = await health().verify();
    expect(found.healthy).toBe(true);
    expect(ofConfig(found)).toMatchObject([
      { type: 'config_unchecked', severity: 'notice', repair: null, what: expect.stringContaining('circle') },
    ]);
    fs.appendFileSync(path.join(stage.dir, 'dgmo'), 'x');
    expect(await health().repair()).toMatchObject({ success: true, failed: [] });
  });

  test('that clients would not understand is not published', () => {
    const bytes = new TextEncoder().encode('{"properties":{"a":{"contains":{}}}}');
    expect(() => readConfigSchema(bytes, 'schema.json')).toThrow(
      '--config-schema: schema.json/properties/a: wanted a keyword that is known, found "contains"',
    );
  });
});
