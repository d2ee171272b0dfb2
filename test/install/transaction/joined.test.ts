/** Updates from several packages. */
import { describe, expect, test } from 'bun:test';
import type { ApplyRequest } from '../../../lib/api/apply.ts';
import { DamagedError, PolicyError, UsageError } from '../../../lib/errors.ts';
import { openSession } from '../../../lib/install/open.ts';
import { simulatedHost } from '../../host/host.ts';
import {
  type Executable,
  executable,
  INSTALL_DIR,
  installedDisk,
  targetPath,
  versionOf,
} from '../../host/install.ts';
import { applyOn } from '../../host/operations.ts';
import { packageFor } from '../../host/package.ts';
import { testRoot } from '../../trust/keys.ts';

const [ONE, TWO, THREE, FOUR] = ['1.0.0', '2.0.0', '3.0.0', '4.0.0'].map((version) =>
  executable(version),
) as [Executable, Executable, Executable, Executable];

async function apply(
  packages: Record<string, Uint8Array>,
  order: string[],
  more: Partial<ApplyRequest> = {},
) {
  const disk = installedDisk('linux', ONE);
  for (const [name, bytes] of Object.entries(packages)) disk.place(`/downloads/${name}`, bytes);
  const host = simulatedHost({ disk, platform: 'linux', versionOf });
  const session = openSession(host, { installDir: INSTALL_DIR, app: 'dgmo' });
  const files = order.map((name) => `/downloads/${name}`);
  const failure = await applyOn(session, files, { root: testRoot(), waitFor: 0, ...more }).then(
    () => null,
    (error: unknown) => error as Error,
  );
  const installed = versionOf(disk.contentOf(targetPath('linux')) ?? new Uint8Array());
  return { failure, installed, open: disk.openHandles() };
}

const patch = (from: Executable, to: Executable) => packageFor('linux', [from, to], 'patch');

describe('a chain in several packages', () => {
  test('leads to the version of the last package', async () => {
    const made = {
      two: await patch(ONE, TWO),
      three: await patch(TWO, THREE),
      four: await patch(THREE, FOUR),
    };
    expect(await apply(made, ['two', 'three', 'four'])).toEqual({
      failure: null,
      installed: '4.0.0',
      open: 0,
    });
  });

  test('with a missing patch is refused', async () => {
    const made = { two: await patch(ONE, TWO), four: await patch(THREE, FOUR) };
    const { failure, installed, open } = await apply(made, ['two', 'four']);
    expect(failure).toBeInstanceOf(DamagedError);
    expect({ installed, open }).toEqual({ installed: '1.0.0', open: 0 });
  });

  test('installs the version of the last package, even if an earlier one has a newer version', async () => {
    const made = { two: await patch(ONE, TWO), three: await patch(TWO, THREE) };
    expect((await apply(made, ['three', 'two'])).installed).toBe('2.0.0');
  });

  test('does not use the full binary of an earlier package', async () => {
    const made = { two: await packageFor('linux', [ONE, TWO], 'full'), three: await patch(TWO, THREE) };
    const { failure, installed } = await apply(made, ['two', 'three']);
    expect(failure).toBeInstanceOf(PolicyError);
    expect(installed).toBe('1.0.0');
  });

  test('the signatures of each package are verified', async () => {
    const forged = (await patch(ONE, TWO)).slice();
    // In the envelope, whose digest is wrong then.
    forged[200] = (forged[200] ?? 0) ^ 1;
    const { failure, installed, open } = await apply({ two: forged, three: await patch(TWO, THREE) }, [
      'two',
      'three',
    ]);
    expect(failure).toBeInstanceOf(DamagedError);
    expect({ installed, open }).toEqual({ installed: '1.0.0', open: 0 });
  });

  test('with a package of another platform is refused', async () => {
    const other = await packageFor('win32', [ONE, TWO], 'patch');
    const { failure } = await apply({ two: other, three: await patch(TWO, THREE) }, ['two', 'three']);
    expect(failure).toBeInstanceOf(PolicyError);
    expect(failure?.message).toContain('win32-x64');
  });

  test('consists of 1 to 16 packages', async () => {
    const { failure } = await apply({}, []);
    expect(failure).toBeInstanceOf(UsageError);
    const many = { two: await patch(ONE, TWO) };
    expect(
      (
        await apply(
          many,
          Array.from({ length: 17 }, () => 'two'),
        )
      ).failure,
    ).toBeInstanceOf(UsageError);
  });
});

describe('fallback packages', () => {
  test('are tried once if the first ones are damaged', async () => {
    const good = await packageFor('linux', [ONE, TWO], 'full');
    const cut = (await patch(ONE, TWO)).subarray(0, -5);
    const done = await apply({ cut, good }, ['cut'], { fallback: { packages: ['/downloads/good'] } });
    expect(done).toEqual({ failure: null, installed: '2.0.0', open: 0 });
    const again = await apply({ cut }, ['cut'], { fallback: { packages: ['/downloads/cut'] } });
    expect(again.failure).toBeInstanceOf(DamagedError);
    expect((await apply({ cut }, ['cut'])).failure).toBeInstanceOf(DamagedError);
  });

  test('are not tried if the policy refuses the first ones', async () => {
    const old = await packageFor('linux', [executable('0.8.0'), executable('0.9.0')], 'full');
    const good = await packageFor('linux', [ONE, TWO], 'full');
    const fallback = { packages: ['/downloads/good'] };
    const { failure, installed } = await apply({ old, good }, ['old'], { fallback });
    expect(failure).toBeInstanceOf(PolicyError);
    expect(installed).toBe('1.0.0');
  });
});

test('an older version is installed only with the consent of the user', async () => {
  const old = await packageFor('linux', [executable('0.8.0'), executable('0.9.0')], 'full');
  expect((await apply({ old }, ['old'], { allowDowngrade: true })).installed).toBe('0.9.0');
  expect((await apply({ old }, ['old'])).installed).toBe('1.0.0');
});
