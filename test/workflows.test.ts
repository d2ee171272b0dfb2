/** What can be known of the files in .github without GitHub: they parse, and what they run and name exists. */
import { describe, expect, test } from 'bun:test';
import path from 'node:path';
import { Glob } from 'bun';
import { executableName, MACHINES, targetName } from '../lib/version/index.ts';
import packageJson from '../package.json' with { type: 'json' };

const folder = path.resolve(import.meta.dir, '../.github');
const names = [...new Glob('**/*.yml').scanSync({ cwd: folder })].sort();
const textOf = (name: string) => Bun.file(path.join(folder, name)).text();

test('there is something to check', () => {
  expect(names.length).toBeGreaterThanOrEqual(5);
});

describe.each(names)('%s', (name) => {
  test('is YAML', async () => {
    expect(Bun.YAML.parse(await textOf(name))).toBeObject();
  });
});

describe.each(names.filter((name) => name.startsWith('workflows')))('%s', (name) => {
  test('asks for no more than it says: permissions are given, actions have a version', async () => {
    const text = await textOf(name);
    expect(Bun.YAML.parse(text)).toMatchObject({ permissions: { contents: 'read' } });
    const actions = [...text.matchAll(/uses: (\S+)/g)].map((match) => match[1]);
    expect(actions.filter((action) => !/^\.\/|@(v\d+|[0-9a-f]{40})$/.test(action ?? ''))).toEqual([]);
    expect(text.replaceAll('github.token', '')).not.toMatch(/secrets\.|token/);
  });

  test('runs scripts of package.json, and names executables that `release compile` makes', async () => {
    const text = await textOf(name);
    const scripts = [...text.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map((match) => match[1] ?? '');
    expect(scripts.filter((script) => !(script in packageJson.scripts))).toEqual([]);
    const made = MACHINES.map((one) => executableName(`dgmo-updater-${targetName(one)}`, one.platform));
    const named = [...text.matchAll(/file: (dgmo-updater\S+)/g)].map((match) => match[1] ?? '');
    expect(named.filter((file) => !made.includes(file))).toEqual([]);
  });
});
