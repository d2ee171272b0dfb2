import { expect, test } from 'bun:test';
import path from 'node:path';

const MODULE = path.resolve(import.meta.dir, '../../release/platform/children.ts');

test('another process of ours has our environment, and not the passphrase of the keys', () => {
  const shown =
    'process.stdout.write(JSON.stringify([process.env.DGMO_KEY_PASSPHRASE ?? null, process.env.OTHER]))';
  const program = `
    import { runChild } from ${JSON.stringify(MODULE)};
    const onOutput = (text) => process.stdout.write(text);
    await runChild([process.execPath, '-e', ${JSON.stringify(shown)}], { onOutput });`;
  const { stdout } = Bun.spawnSync([process.execPath, '-e', program], {
    env: { ...process.env, DGMO_KEY_PASSPHRASE: 'correct horse battery', OTHER: 'kept' },
  });
  expect(JSON.parse(stdout.toString())).toEqual([null, 'kept']);
});
