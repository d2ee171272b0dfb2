/** The commands that messages name can be typed as they are named, also where a folder has a space in its name. */
import { expect, test } from 'bun:test';
import path from 'node:path';
import { CHEAP, freshFolder, PASSPHRASE } from '../run.ts';

const CLI = path.join(import.meta.dir, '../../../release/cli.ts');

/** What it says on a terminal. */
async function onTerminal(cwd: string, args: string[]): Promise<string> {
  let said = '';
  const child = Bun.spawn([process.execPath, CLI, ...args], {
    cwd,
    env: { ...process.env, DGMO_KEY_PASSPHRASE: PASSPHRASE },
    terminal: {
      cols: 200,
      data(_, bytes) {
        said += Buffer.from(bytes).toString();
      },
    },
  });
  await child.exited;
  child.terminal?.close();
  return said;
}

test.skipIf(process.platform === 'win32')('a folder with a space in its name is quoted', async () => {
  using folder = freshFolder();
  const keys = await onTerminal(folder.at(), ['keys', 'init', '--dir', 'my keys', ...CHEAP]);
  const made = await onTerminal(folder.at(), ['init', '--repo', 'my repo', '--keys', 'my keys']);
  const refused = await folder.release(['rollout', '1.0.0', '50', '--repo', 'my repo', '--keys', 'my keys']);
  expect(keys).toContain("`release compile --root 'my keys/root.json' --feed <url>`");
  expect(made).toContain("`release add <version> --repo 'my repo' --keys 'my keys' --binary");
  expect(refused.stderr).toContain("`release status --repo 'my repo' --all`");
});
