/** A release that was revoked: no command offers it again, and whoever looks it up is told. */
import { describe, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { makeFeed } from '../feed.ts';
import { freshFolder, noise } from '../run.ts';

function build(number: number): Uint8Array {
  const bytes = noise(1, 20_000);
  bytes.set(noise(number + 100, 60), 64 * number);
  return bytes;
}

describe('a version that was revoked', () => {
  const MENDED = 'That is final. Publish the mended release as a new version, with `release add`.\n';

  test('is offered to nobody again, on whatever channel and for whatever target', async () => {
    using feed = await makeFeed();
    using folder = freshFolder();
    await feed.add('1.0.0', { 'linux-x64': build(0) });
    await feed.add('1.1.0', { 'linux-x64': build(1) });
    await feed.revoke('1.1.0', 'It loses data.');
    await feed.add('1.0.0', { 'linux-x64': build(0) }, { channel: 'beta' });
    writeFileSync(folder.at('first'), build(0));
    writeFileSync(folder.at('linux'), build(1));
    writeFileSync(folder.at('win32'), build(11));
    const keys = ['--repo', feed.folder, '--keys', feed.keys];
    const add = ['add', '1.1.0', ...keys, '--no-trial', '--binary'];
    const refused: [args: string[], refusal: string][] = [
      [['rollout', '1.1.0', '100', ...keys], 'it is offered to nobody any more'],
      [['rollout', '1.1.0', '0', '--lower', ...keys], 'it is offered to nobody any more'],
      [['promote', '1.1.0', '--from', 'stable', '--to', 'beta', ...keys], 'it is not listed on beta'],
      [[...add, 'linux-x64=linux'], 'it is not added again'],
      [[...add, 'linux-x64=linux', '--channel', 'beta'], 'it is not added again'],
      [[...add, 'win32-x64=win32'], 'it is not added again'],
      [[...add, 'win32-x64=win32', '--channel', 'beta', '--dry-run'], 'it is not added again'],
    ];
    const before = await feed.index('stable', 'linux-x64');
    for (const [args, refusal] of refused) {
      const { code, stdout, stderr } = await folder.release(args);
      expect([args[0], code, stdout]).toEqual([args[0], 17, '']);
      expect(stderr).toEndWith(`release: 1.1.0 was revoked on stable: ${refusal}\n${MENDED}`);
    }
    expect(await feed.index('stable', 'linux-x64')).toEqual(before);
    expect((await feed.index('beta', 'linux-x64'))?.releases).toHaveLength(1);
    const minimum = await folder.release([...add.with(1, '1.0.0'), 'linux-x64=first', '--minimum', '1.1.0']);
    expect(minimum).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--minimum: wanted at most 1.0.0, the newest on stable for linux-x64'),
    });
  });

  test('on one channel is not offered there, and stays on the other', async () => {
    using feed = await makeFeed();
    using folder = freshFolder();
    const keys = ['--repo', feed.folder, '--keys', feed.keys];
    await feed.add('1.0.0', { 'linux-x64': build(0) });
    await feed.add('1.0.0', { 'linux-x64': build(0) }, { channel: 'beta', rollout: 5 });
    const revoked = ['revoke', '1.0.0', '--channel', 'stable', '--reason', 'Not yet.', '--yes', ...keys];
    expect(await folder.release(revoked)).toMatchObject({ code: 0 });
    const raise = await folder.release(['rollout', '1.0.0', '100', '--channel', 'beta', ...keys]);
    expect(raise).toMatchObject({ code: 0 });
    const back = await folder.release(['promote', '1.0.0', '--from', 'beta', '--to', 'stable', ...keys]);
    expect(back).toMatchObject({
      code: 17,
      stderr: `release: 1.0.0 was revoked on stable: it is not listed on stable\n${MENDED}`,
    });
    const { stdout } = await folder.release(['notes', '1.0.0', '--repo', feed.folder]);
    expect(stdout).toMatch(/^ {2}revoked by its publisher for stable on \d{4}-\d\d-\d\d: Not yet\.$/m);
    expect(stdout.match(/download for/g)).toHaveLength(1);
  });

  test('says so in its notes, with the day and the reason, and what is downloaded no more', async () => {
    using feed = await makeFeed();
    using folder = freshFolder();
    await feed.add('1.0.0', { 'linux-x64': build(0) }, { notes: 'First.' });
    await feed.revoke('1.0.0', 'It loses data.');
    const shown = await folder.release(['notes', '1.0.0', '--repo', feed.folder]);
    expect(shown.stdout.split('\n')[1]).toMatch(
      /^ {2}revoked by its publisher on \d{4}-\d\d-\d\d: It loses data\.$/,
    );
    expect(shown.stdout).toContain('First.');
    expect(shown.stdout).not.toContain('download');
    const raw = await folder.release(['notes', '1.0.0', '--repo', feed.folder, '--markdown']);
    expect([raw.stdout, raw.stderr]).toEqual([
      'First.',
      expect.stringContaining('1.0.0: revoked by its publisher on '),
    ]);
  });
});
