/** The result of a check as text, and as data for scripts. */
import type { CheckResult, Hold, UpdateInfo } from '../../api/index.ts';
import { bytesText } from './sizes.ts';

export function describeCheck(result: CheckResult): string {
  const lines: string[] = [];
  if (result.revoked !== null) {
    lines.push(`The installed ${result.installed} was revoked by its publisher: ${result.revoked}`);
  }
  if (result.update === null) lines.push(...describeNothing(result));
  else lines.push(...describeUpdate(result.update));
  return lines.join('\n');
}

function describeNothing({ installed, newest, held, revoked, channel }: CheckResult): string[] {
  const lines: string[] = [];
  if (held.length === 0 && revoked === null) {
    lines.push(
      newest === null
        ? `The channel ${channel} has no release.`
        : newest === installed
          ? `${installed} is the newest.`
          : `${installed} is installed; the newest of the channel ${channel} is ${newest}.`,
    );
  }
  if (held.length > 0) lines.push(`${installed} stays installed for now.`);
  for (const { version, why } of held) lines.push(`  ${version} is not offered: ${HOLDS[why]}.`);
  if (revoked !== null) {
    lines.push(
      'There is no other release to offer. `dgmo-updater rollback` goes back to the version before.',
    );
  }
  return lines;
}

const HOLDS: Record<Hold, string> = {
  revoked: 'its publisher has revoked it',
  floor: 'it is older than what is accepted here',
  quarantined: 'it was tried here and did not work',
  unreachable: 'it cannot be installed over this version',
  rollout: 'it is being rolled out, and not yet to this installation',
  skipped: 'you skipped it',
  later: 'you postponed it',
};

export function describeUpdate(update: UpdateInfo): string[] {
  const { version, currentVersion, changelog, evolutions } = update;
  const back = update.direction === 'back';
  const lines = [
    back
      ? `Back to ${version} (installed: ${currentVersion})`
      : `${version} is available (installed: ${currentVersion})`,
    `  Download:   ${update.downloadSize === 0 ? 'nothing left to download' : bytesText(update.downloadSize)} (${routeText(update)})`,
    `  Kind:       ${update.isSecurity ? 'security' : update.type}, risk ${update.riskLevel}${update.mandatory ? '; required for this installation' : ''}`,
  ];
  for (const { id, description } of evolutions) lines.push(`  Evolution:  ${id}: ${description}`);
  const changes = changelog.entries.slice(0, MAX_CHANGES);
  for (const { kind, text } of changes) lines.push(`  ${`${capital(kind)}:`.padEnd(11)} ${text}`);
  if (changelog.entries.length > MAX_CHANGES) {
    lines.push(`  ... and ${changelog.entries.length - MAX_CHANGES} more changes`);
  }
  return lines;
}

const MAX_CHANGES = 12;

function routeText({ routes }: UpdateInfo): string {
  const [route] = routes;
  if (route === undefined) return 'the feed has no package for this installation';
  return route.kind === 'chain' ? `${route.packages.length} patches` : ROUTES[route.kind];
}

const ROUTES = { patch: 'a patch', full: 'the full binary' };

function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}

export function checkData(result: CheckResult): Record<string, unknown> {
  const { installed, channel, feed, newest, update, mandatory, revoked, held } = result;
  return {
    installed,
    channel,
    feed,
    newest,
    mandatory,
    revoked,
    held,
    available: update !== null,
    update: update === null ? null : updateData(update),
  };
}

function updateData(update: UpdateInfo): Record<string, unknown> {
  const { routes, release: _release, manifest: _manifest, ...rest } = update;
  const [route] = routes;
  return {
    ...rest,
    route:
      route === undefined ? null : { kind: route.kind, packages: route.packages.length, bytes: route.bytes },
  };
}
