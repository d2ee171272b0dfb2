/** The templates for publishing from CI: that they ask for little, that their scripts are right, and that the feed which they make is. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { tinyExecutable } from '../../support/tiny-executable.ts';
import { CHEAP, type Folder, freshFolder, noise, PASSPHRASE } from '../run.ts';

const TOP = path.resolve(import.meta.dir, '../../..');
const FILES = ['publish-s3.yml', 'publish-pages.yml'];

interface Step {
  name?: string;
  uses?: string;
  run?: string;
}
interface Workflow {
  permissions: Record<string, string>;
  concurrency: { 'cancel-in-progress': boolean };
  jobs: Record<string, { environment: string; steps: Step[] }>;
}

const read = (name: string) => readFileSync(path.join(TOP, 'release/ci', name), 'utf8');
const parse = (name: string) => Bun.YAML.parse(read(name)) as Workflow;
const stepsOf = ({ jobs }: Workflow) => Object.values(jobs).flatMap(({ steps }) => steps);

describe.each(FILES)('%s', (name) => {
  test('has actions with a version, an environment for each job, and one run at a time', () => {
    const workflow = parse(name);
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(workflow.concurrency['cancel-in-progress']).toBe(false);
    for (const job of Object.values(workflow.jobs)) expect(job.environment).toMatch(/release|refresh/);
    const actions = stepsOf(workflow).flatMap(({ uses }) => uses ?? []);
    expect(actions.filter((action) => !/@v\d+$/.test(action))).toEqual([]);
  });

  test('no script has in it what somebody typed: it comes by the environment', () => {
    const scripts = stepsOf(parse(name)).flatMap(({ run }) => run ?? []);
    expect(scripts.length).toBeGreaterThan(3);
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
  });

  test.skipIf(Bun.which('bash') === null)('its scripts are bash', () => {
    for (const { run } of stepsOf(parse(name))) {
      if (run === undefined) continue;
      const { exitCode, stderr } = Bun.spawnSync(['bash', '-n'], { stdin: Buffer.from(run) });
      expect([run, exitCode, stderr.toString()]).toEqual([run, 0, '']);
    }
  });

  test('its commands of release are those that there are, with their options', async () => {
    using folder = freshFolder();
    for (const { run = '' } of stepsOf(parse(name))) {
      for (const [, command = '', rest = ''] of run.matchAll(/^ *release (\w+)(.*)$/gm)) {
        const { code, stdout } = await folder.release([command, '--help']);
        expect([command, code]).toEqual([command, 0]);
        for (const [option] of rest.matchAll(/ --[a-z-]+/g)) {
          expect([command, stdout.includes(option.trim())]).toEqual([command, true]);
        }
      }
    }
  });
});

describe.skipIf(process.platform !== 'linux')('publish-pages.yml, its scripts in order', () => {
  let folder: Folder;
  let origin: string;
  beforeAll(async () => {
    folder = freshFolder();
    for (const name of ['feed', 'build/linux-x64', 'dist', 'online', 'signing']) {
      mkdirSync(folder.at(name), { recursive: true });
    }
    symlinkSync(TOP, folder.at('updater'));
    await folder.release(['keys', 'init', '--dir', 'offline', ...CHEAP]);
    await folder.release(['init', '--repo', 'repo', '--keys', 'offline']);
    copyFileSync(folder.at('offline/root.json'), folder.at('feed/root.json'));
    for (const name of ['snapshot-1.key', 'timestamp-1.key', 'targets-1.key']) {
      copyFileSync(folder.at('offline', name), folder.at('signing', name));
      if (!name.startsWith('targets')) copyFileSync(folder.at('offline', name), folder.at('online', name));
    }
    renameSync(folder.at('offline'), folder.at('elsewhere'));
    origin = folder.at('origin.git');
    const git = (...args: string[]) => Bun.spawnSync(['git', ...args], { cwd: folder.at('repo') });
    Bun.spawnSync(['git', 'init', '--quiet', '--bare', origin]);
    git('init', '--quiet', '-b', 'feed');
    git('remote', 'add', 'origin', origin);
  });
  afterAll(() => folder[Symbol.dispose]());

  async function run(keys: string, environment: Record<string, string>) {
    const tar = Bun.spawnSync(['tar', '-c', '-C', folder.at(keys), '.']).stdout.toString('base64');
    const all = stepsOf(parse('publish-pages.yml')).flatMap(({ run: script, name = '' }) =>
      // The packages of the updater are there.
      script === undefined || script.startsWith('npm ') ? [] : [{ script, name }],
    );
    let said = '';
    for (const { script, name } of all) {
      const child = Bun.spawn(['bash', '-e', '-o', 'pipefail', '-c', script], {
        cwd: folder.at(),
        env: {
          ...process.env,
          ...{ FEED_URL: 'https://example.org/feed/', KEYS: tar, DGMO_KEY_PASSPHRASE: PASSPHRASE },
          ...environment,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const [stdout, stderr] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      const code = await child.exited;
      expect([name, code, code === 0 ? '' : stderr]).toEqual([name, 0, '']);
      said += stdout;
    }
    return said;
  }

  test('make a release, then keep the feed valid with the online keys alone', async () => {
    const build = tinyExecutable('linux-x64', { prints: 'dgmo 1.0.0\n', rest: noise(1, 5000) });
    writeFileSync(folder.at('build/linux-x64/dgmo'), build);
    writeFileSync(folder.at('build/notes.md'), '# 1.0.0\n\nThe first.\n');
    const settings = Buffer.from(
      `https://example.org/feed/ ${readFileSync(folder.at('feed/root.json'), 'utf8')}`,
    );
    const updater = tinyExecutable('linux-x64', { prints: 'dgmo-updater 0.1.0\n', rest: settings });
    writeFileSync(folder.at('dist/dgmo-updater-linux-x64'), updater);
    chmodSync(folder.at('dist/dgmo-updater-linux-x64'), 0o755);
    const said = await run('signing', { VERSION: '1.0.0', CHANNEL: 'stable', ROLLOUT: '50' });
    expect(said).toContain('1.0.0 is on stable, for 50 % of the installations\n');
    expect(existsSync(folder.at('keys'))).toBe(false);
    for (const name of ['metadata/timestamp.json', 'index.html', 'install.sh', 'releases.atom']) {
      expect([name, existsSync(folder.at('www', name))]).toEqual([name, true]);
    }
    const refreshed = await run('online', { VERSION: '', CHANNEL: '', ROLLOUT: '' });
    expect(refreshed).toContain('nothing is due; all is valid until ');
    const kept = Bun.spawnSync(['git', '--git-dir', origin, 'ls-tree', '-r', '--name-only', 'feed']);
    const files = kept.stdout.toString();
    expect(files).toContain('metadata/timestamp.json\n');
    expect(files).toContain('repository.json\n');
    expect(files).not.toMatch(/\.key$|\.work/m);
  });
});
