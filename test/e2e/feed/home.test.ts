/** Homes of updates that do change the install: full when something is to be remembered, and shared by two updates. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { resultOf } from '../../support/installed.ts';
import { openSharedWorkshop, run, type Workshop } from '../../support/workshop.ts';
import { mounts, openStanding, type Standing, skipped } from './standing.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('the home', () => {
  let shop: Workshop;
  let standing: Standing;
  beforeAll(async () => {
    shop = await openSharedWorkshop();
    await shop.rootlessUpdater();
  });
  afterAll(() => shop?.remove());
  beforeEach(async () => {
    standing = await openStanding(shop);
  });
  afterEach(() => standing?.[Symbol.asyncDispose]());

  test.skipIf(!mounts)(
    `full when there is something to remember${skipped}: the update counts, a preference is refused`,
    async () => {
      const { stage, updater } = standing;
      await stage.release('3.0.0', { deltas: 0, works: false });
      const home = standing.freshHome();
      const script = `
        root="$4/root.json" && cp "$1/trust/root.json" "$root"
        mount -t tmpfs -o size=8m,mode=755 none "$1" && mkdir "$1/trust" && cp "$root" "$1/trust/root.json" || exit 99
        upd() { command=$1; shift; "$updater" $command --install-dir "$dir" --home "$home" "$@"; echo "$?"; }
        home=$1 updater=$2 dir=$3
        for version in 3.0.0 2.0.0; do upd download --version $version >/dev/null; done
        mkdir "$1/.snapshots"
        cat /dev/zero >"$1/filler" 2>/dev/null
        upd "update --yes" --version 2.0.0; "$dir/dgmo" --version
        mount -t tmpfs -o size=8m,mode=755 none "$1/.snapshots"
        upd "update --yes" --version 3.0.0; "$dir/dgmo" --version
        upd "update --yes" --version 2.0.0; "$dir/dgmo" --version
        upd "config set channel beta"
        ls "$1"`;
      const paths = [home, updater, stage.dir, stage.folder];
      const ran = await run('unshare', ['-m', 'sh', '-c', script, 'sh', ...paths]);
      const said = ran.stdout.trim().split('\n');
      expect(said.slice(0, 9)).toEqual([
        // Without a snapshot nothing is changed.
        ...['12', '1.0.0'],
        ...['15', '1.0.0'],
        ...[
          '2.0.0 is installed (before: 1.0.0).',
          expect.stringMatching(/goes back to 1\.0\.0\.$/),
          '0',
          '2.0.0',
        ],
        ...['12'],
      ]);
      expect(said.slice(9)).not.toContain('choices.json');
      expect(said.slice(9)).not.toContain('updater.json');
      expect(ran.stderr).toMatch(/no room for the update to 2\.0\.0 on the disk of .*\.snapshots/);
      expect(ran.stderr).toContain('3.0.0 was installed and did not work');
      expect(ran.stderr).toMatch(/updater\.json.*no space is left on the disk/);
    },
    60_000,
  );

  test('two updates of one install at once: one of them does it, and neither is in the way of the other', async () => {
    const { stage } = standing;
    const home = standing.freshHome();
    let waiting = 0;
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    // Both have checked before either goes on.
    stage.answer = async (name) => {
      if (!name.endsWith('timestamp.json')) return undefined;
      if (++waiting === 2) open();
      await gate;
      return undefined;
    };
    const update = () => standing.run(home, ['update', '--yes', '--json']);
    const both = await Promise.all([update(), update()]);
    const results = both
      .map(resultOf)
      .sort((a, b) => Number(b.changed === true) - Number(a.changed === true));
    expect(results[0]).toMatchObject({ ok: true, exitCode: 0, changed: true, from: '1.0.0', to: '2.0.0' });
    // The other one found it done, or somebody at work.
    if (results[1]?.ok === true) expect(results[1]).toMatchObject({ exitCode: 0, changed: false });
    else expect(results[1]).toMatchObject({ exitCode: 14 });
    expect(stage.asked.filter(({ path: asked }) => asked.endsWith('.dgmopkg'))).toHaveLength(1);
    expect(standing.versionOf(home)).toBe('2.0.0');
    expect((await standing.run(home, ['status'])).stdout).toContain('sound');
    expect(resultOf(await update())).toMatchObject({ ok: true, available: false });
  });
});
