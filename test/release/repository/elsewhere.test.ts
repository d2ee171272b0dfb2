/** Signing where the keys are not on the publishing machine: requests go there, signatures come back. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { DamagedError } from '../../../lib/errors.ts';
import { describeMessage } from '../../../release/keys/describe-message.ts';
import { CHEAP, type Folder, freshFolder, noise } from '../run.ts';

let folder: Folder;
beforeAll(async () => {
  folder = freshFolder();
  await folder.release([
    'keys',
    'init',
    '--dir',
    'safe',
    '--targets-keys',
    '2',
    '--targets-threshold',
    '2',
    ...CHEAP,
  ]);
  mkdirSync(folder.at('here'));
  for (const name of ['snapshot-1.key', 'timestamp-1.key'])
    renameSync(folder.at('safe', name), folder.at('here', name));
  writeFileSync(folder.at('here', 'root.json'), readFileSync(folder.at('safe', 'root.json')));
  const old = noise(1, 20_000);
  writeFileSync(folder.at('old'), old);
  old.set(noise(2, 50), 700);
  writeFileSync(folder.at('new'), old);
});
afterAll(() => folder[Symbol.dispose]());

function published(): string {
  return readdirSync(folder.at('repo', 'metadata')).toSorted().join(' ');
}

/** The package from 1.0.0 to 1.1.0 that the repository has, held against the root. */
async function expectSoundBundle(file: string): Promise<void> {
  const which = ['1.1.0', '--repo', 'repo', '--platform', 'linux-x64', '--from', '1.0.0'];
  expect((await folder.release(['bundle', ...which, '-o', file])).code).toBe(0);
  expect((await folder.release(['inspect', file, '--root', 'here/root.json'])).code).toBe(0);
}

/** Runs the command, and the other machine, until it is done. How often the other machine was asked, and what it saw. */
async function rounds(command: string[], more: string[] = []) {
  const untried = command[0] === 'add' ? ['--no-trial'] : [];
  const args = [
    ...command,
    ...untried,
    '--repo',
    'repo',
    '--keys',
    'here',
    ...more,
    '--sign-request',
    'request.json',
  ];
  const answers: string[] = [];
  const told: string[] = [];
  for (let round = 0; round < 8; round++) {
    const { code, stdout, stderr } = await folder.release([
      ...args,
      ...answers.flatMap((name) => ['--signatures', name]),
    ]);
    if (code === 0) return { rounds: round, told, stdout };
    expect({ code, stderr: stderr.includes('nothing was published') ? '' : stderr }).toEqual({
      code: 14,
      stderr: '',
    });
    const answer = `answer-${round}.json`;
    const signed = await folder.release(['keys', 'sign', 'request.json', '--keys', 'safe', '-o', answer]);
    expect({ code: signed.code, stderr: signed.code === 0 ? '' : signed.stderr }).toEqual({
      code: 0,
      stderr: '',
    });
    told.push(signed.stderr);
    // The last answer alone: what came before is remembered.
    answers.splice(0, answers.length, answer);
  }
  throw new Error('it never ends');
}

describe('with the targets and root keys on another machine', () => {
  test('a repository is made', async () => {
    expect((await rounds(['init'])).rounds).toBe(1);
  });

  test('a release is added, its binaries and packages signed in one go', async () => {
    expect((await rounds(['add', '1.0.0', '--binary', 'linux-x64=old'])).rounds).toBe(2);
    const { told, stdout } = await rounds([
      'add',
      '1.1.0',
      '--binary',
      'linux-x64=new',
      '--binary',
      'win32-x64=new',
    ]);
    expect(stdout).toContain('1.1.0 is on stable');
    expect(told).toHaveLength(2);
    expect(told[0]).toMatch(/^binary of 1\.1\.0 for linux-x64, 20,000 bytes/m);
    expect(told[0]).toMatch(/^ {2}to be signed by the targets key [0-9a-f]{64}$/m);
    expect(told[0]).toMatch(
      /^package of dgmo 1\.1\.0 for linux-x64\n(?: {2}.*\n)* {2}patch from 1\.0\.0 \([0-9a-f]{64}\), /m,
    );
    expect(told[1]).toMatch(/^ {2}file channels\/stable\/linux-x64\.json, \d+ bytes, [0-9a-f]{64}$/m);
    await expectSoundBundle('b');
  });

  test('nothing is published before all signatures are there, and a wrong one is refused', async () => {
    const before = published();
    const args = [
      'rollout',
      '1.1.0',
      '40',
      '--lower',
      '--repo',
      'repo',
      '--keys',
      'here',
      '--sign-request',
      'r.json',
    ];
    const asked = await folder.release(args);
    expect([asked.code, published()]).toEqual([14, before]);
    await folder.release(['keys', 'sign', 'r.json', '--keys', 'safe', '-o', 's.json']);
    const answer = JSON.parse(readFileSync(folder.at('s.json'), 'utf8'));
    const right = structuredClone(answer);
    answer.signatures[0].signature = answer.signatures[1].signature;
    writeFileSync(folder.at('wrong.json'), JSON.stringify(answer));
    const wrong = await folder.release([...args, '--signatures', 'wrong.json']);
    expect([wrong.code, published()]).toEqual([10, before]);
    writeFileSync(folder.at('s.json'), JSON.stringify(right));
    expect((await folder.release([...args, '--signatures', 's.json'])).code).toBe(0);
    expect(published()).not.toBe(before);
  });

  test('keys are rotated', async () => {
    const first = JSON.parse(
      (await folder.release(['inspect', 'safe/targets-1.key', '--json'])).stdout,
    ).keyid;
    const { told } = await rounds(['rotate', 'targets', '--replace', first, ...CHEAP]);
    expect(told[0]).toMatch(/^ROOT version 2, valid until /m);
    expect(told[0]).toMatch(/^ {2}compared with root version 1 of safe\/root\.json, /m);
    expect(told[0]).toMatch(/^ {2}root: 2 of 3 keys must sign\n( {4}keeps {3}[0-9a-f]{64}\n){3}/m);
    expect(told[0]).toMatch(/^ {2}targets: 2 of 3 keys must sign \(before: 2 of 2\)$/m);
    expect(told[0]).toMatch(new RegExp(`^ {4}ADDS {4}[0-9a-f]{64}\n {4}REMOVES ${first}$`, 'm'));
    expect(told[0]).not.toContain('NOT');
    expect(told.length).toBeLessThanOrEqual(3);
    await expectSoundBundle('c');
  });

  test('nothing is signed that is nothing of ours', async () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    for (const message of [
      '',
      'hello',
      '{"_type":"other"}',
      'DSSEv1 4 text 2 hi',
      '[1]',
      '{"_type":["root"]}',
    ]) {
      expect(() => describeMessage(bytes(message), null)).toThrow(DamagedError);
    }
    const [key = ''] = JSON.parse((await folder.release(['inspect', 'safe/root.json', '--json'])).stdout)
      .targets.keys;
    const entry = (message: string) => ({
      role: 'targets',
      keyid: key,
      message: Buffer.from(message).toString('base64'),
    });
    for (const message of ['hello', '{"_type":"root","version":9,"expires":"x","roles":{}}']) {
      const request = { _type: 'dgmo-sign-request', schema: 1, title: 'a trap', wanted: [entry(message)] };
      writeFileSync(folder.at('trap.json'), JSON.stringify(request));
      const { code, stderr } = await folder.release([
        'keys',
        'sign',
        'trap.json',
        '--keys',
        'safe',
        '-o',
        'trapped',
      ]);
      expect([code, stderr.includes('Nothing was signed.')]).toEqual([10, true]);
    }
    expect(readdirSync(folder.at()).includes('trapped')).toBe(false);
  });
});
