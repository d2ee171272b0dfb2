/** `skip`, `unskip`, `pin`, `unpin`: what the user decides about versions. */
import { UpdateManager } from '../../api/index.ts';
import { UsageError } from '../../errors.ts';
import type { CommandContext } from '../context.ts';

export async function runSkip({ line, report, install }: CommandContext): Promise<void> {
  const version = versionOf(line.command, line.operands);
  await new UpdateManager(install).skipVersion(version);
  report.result(
    'skip',
    `${version} is skipped: it is not offered. \`dgmo-updater unskip ${version}\` lifts that.`,
    { version, skipped: true },
  );
}

export async function runUnskip({ line, report, install }: CommandContext): Promise<void> {
  const version = versionOf(line.command, line.operands);
  const changed = await new UpdateManager(install).unskipVersion(version);
  report.result('unskip', changed ? `${version} is offered again.` : `${version} was not skipped.`, {
    version,
    skipped: false,
    changed,
  });
}

export async function runPin({ line, report, install }: CommandContext): Promise<void> {
  const version = versionOf(line.command, line.operands);
  const manager = new UpdateManager(install);
  await manager.setPreferences({ pin: version });
  const { pin } = manager.preferences();
  report.result(
    'pin',
    pin === version
      ? `${version} is pinned: no other version is offered. \`dgmo-updater unpin\` lifts that.`
      : `${version} is saved, but ${pin ?? 'no version'} is pinned here: \`dgmo-updater config explain pin\` says by whom.`,
    { pin },
  );
}

export async function runUnpin({ report, install }: CommandContext): Promise<void> {
  const manager = new UpdateManager(install);
  const before = manager.preferences().pin;
  await manager.resetPreference('pin');
  const pin = manager.preferences().pin;
  report.result(
    'unpin',
    pin !== null
      ? `${pin} is still pinned: \`dgmo-updater config explain pin\` says by whom.`
      : before === null
        ? 'No version was pinned.'
        : `${before} is no longer pinned: newer versions are offered again.`,
    { pin },
  );
}

function versionOf(command: string, operands: readonly string[]): string {
  const [version, ...more] = operands;
  if (version !== undefined && more.length === 0) return version;
  throw new UsageError(
    `${command}: wanted one version, found ${operands.length === 0 ? 'none' : operands.join(' ')}`,
    { advice: `For example \`dgmo-updater ${command} 2.0.0\`.` },
  );
}
