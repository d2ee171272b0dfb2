/** A file may have a line feed in its name. What is printed of it stays one line. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { openStage, type Stage } from '../update/stage.ts';
import { command } from './command-line.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('a name with a line feed makes no line of its own', () => {
  const FORGED = 'All is well.';
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
    fs.mkdirSync(path.join(stage.home, 'data'), { recursive: true });
    // A pipe is left out of snapshots, and named.
    expect(spawnSync('mkfifo', [path.join(stage.home, `data/x\n${FORGED}`)]).status).toBe(0);
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  const expectOneLine = ({ out, error }: { out: string; error: string }) => {
    expect(`${out}${error}`).toContain(`\\u000a${FORGED}`);
    expect(`${out}${error}`).not.toContain(`\n${FORGED}`);
  };

  test('among the warnings of a snapshot, and in its description', async () => {
    const taken = await command(stage, ['snapshots', 'create']);
    expect(taken.code).toBe(0);
    expectOneLine(taken);
    const [id = ''] = taken.out.split(':');
    expectOneLine(await command(stage, ['snapshots', 'show', id]));
  });

  test('in the message and the advice of a failure', async () => {
    const failed = await command(stage, ['--apply', `/nowhere\n${FORGED}`]);
    expect(failed.code).not.toBe(0);
    expectOneLine(failed);
  });

  test('in what verify finds', async () => {
    fs.writeFileSync(path.join(stage.dir, `.dgmo-updater/staged-x\n${FORGED}`), '');
    expectOneLine(await command(stage, ['verify']));
  });

  test('with --json it stays the name', async () => {
    const { out } = await command(stage, ['snapshots', 'create', '--json']);
    const { warnings } = JSON.parse(out.trim().split('\n').at(-1) ?? '') as { warnings: string[] };
    expect(warnings.join()).toContain(`x\n${FORGED}`);
  });
});
