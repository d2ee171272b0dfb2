/** One page about the whole installation, for a person who looks for what is wrong, and for a bug report. No secrets in it. */
import { errorMessage, MachineError, UpdaterError } from '../../errors.ts';
import { shownAddress } from '../../format/web-address.ts';
import { worstCode } from '../../health/exit-code.ts';
import { type HealthStatus, knownReceipt, onSearchPath, verifyInstall } from '../../health/index.ts';
import { rejectionOf } from '../../home/admission/rejected.ts';
import { revocationOf } from '../../home/admission/revoked.ts';
import { type LastCheck, lastCheckOf } from '../../home/checks.ts';
import { choicesFile } from '../../home/choices.ts';
import { decide } from '../../home/decided.ts';
import { trustedRootOf } from '../../home/trusted-root.ts';
import { type Binary, lockedError, type Receipt, type Session } from '../../install/index.ts';
import { ownerOf } from '../../install/ownership/owner.ts';
import { requireReplaceable } from '../../install/preflight/permission.ts';
import { MARGIN } from '../../install/preflight/space.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import { proxyFor } from '../../platform/network/proxy.ts';
import { trustRoot } from '../../trust/index.ts';
import type { UpdateContext } from '../../update/context.ts';
import { baselineOf, targetName, targetOf } from '../../version/index.ts';
import { historyOf } from '../overview.ts';
import { SOURCE_WORDS } from '../words.ts';
import { checkNetwork } from './doctor-network.ts';
import { type Diagnosis, type DoctorCheck, type Finding, finding, timeHere } from './finding.ts';
import { leftToManager } from './of-package.ts';
import { unknownVariablesText } from './unknown-variables.ts';

/** @param openFeed null: nothing is asked of the network */
export async function diagnose(
  session: Session,
  openFeed: ((receipt: Receipt) => UpdateContext) | null,
): Promise<Diagnosis> {
  const checks: DoctorCheck[] = [];
  const run = async (id: string, check: () => Finding | Promise<Finding>) => {
    const begun = session.host.clock.monotonic();
    const found = await settled(session, check);
    checks.push({ id, ...found, durationMs: Math.round(session.host.clock.monotonic() - begun) });
  };
  await run('versions', () => versions(session));
  await run('health', async () =>
    healthFinding(await leftToManager(session, await verifyInstall(session, 'watch'))),
  );
  await run('owner', () => owner(session));
  await run('permission', () => permission(session));
  await run('search-path', () => searchPath(session));
  await run('space', () => space(session));
  await run('lock', () => lock(session));
  await run('processor', () => processor(session));
  await run('settings', () => settings(session));
  await run('last-check', () => lastCheck(session));
  await run('history', () => history(session));
  const receipt = knownReceipt(session);
  const asked = openFeed === null || receipt === null ? null : () => openFeed(receipt);
  const network = asked === null ? null : () => checkNetwork(session, asked());
  await run('proxy', () =>
    proxy(session, asked === null ? knownFeed(session, receipt) : asked().location.feed),
  );
  await run('network', network ?? (() => finding('skipped', 'The feed was not asked')));
  return { schemaVersion: 1, overallStatus: worst(checks), checks };
}

function worst(checks: readonly DoctorCheck[]): Diagnosis['overallStatus'] {
  if (checks.some(({ status }) => status === 'error')) return 'error';
  return checks.some(({ status }) => status === 'warning') ? 'warning' : 'ok';
}

/** A check that fails is a finding, and the others go on. */
async function settled(session: Session, check: () => Finding | Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    const failure = asUpdaterError(error, session.layout.installDir);
    if (!(failure instanceof UpdaterError)) throw failure;
    const { exitCode: code } = failure;
    const exitCode = code === 10 || code === 11 ? code : 12;
    return finding('error', failure.message, { remediation: failure.advice ?? null, exitCode });
  }
}

function keptText(session: Session, previous: Binary | null): string {
  if (previous === null) return 'none';
  return rejectionOf(session, previous) === null
    ? previous.version
    : `${previous.version}, which was taken back here: only if it is named`;
}

async function versions(session: Session): Promise<Finding> {
  const { app, settings: own, host, layout, home } = session;
  const receipt = knownReceipt(session);
  const details = [
    `dgmo-updater ${own.version} (${own.revision})`,
    `platform: ${targetName(targetOf(host))}`,
    `executable: ${layout.target}`,
    `home: ${'folder' in home ? home.folder : home.missing.message}`,
    `root: ${rootText(session)}`,
  ];
  if (receipt === null) {
    const managed = await ownerOf(session);
    const remediation =
      managed === null
        ? 'Run `dgmo-updater init` if it is installed, or `dgmo-updater repair` to install it.'
        : `${managed.manager} has installed it, and updates it: \`${managed.command}\`.`;
    return finding('error', `It is not known which ${app} is installed`, {
      ...{ details, remediation, exitCode: 11 },
    });
  }
  const { binary, source, installedAt, previous, floor } = receipt;
  details.push(
    `installed ${timeHere(session, installedAt)} ${SOURCE_WORDS[source]}`,
    `kept for a rollback: ${keptText(session, previous)}`,
    `nothing older than ${floor} is accepted`,
  );
  const revoked = revocationOf(session, { app: receipt.app, version: binary.version });
  if (revoked === null) return finding('ok', `${app} ${binary.version}`, { details });
  return finding('warning', `${app} ${binary.version} was revoked by its publisher: ${revoked}`, {
    details,
    remediation:
      (await ownerOf(session)) === null
        ? 'Run `dgmo-updater update`, which also knows the way back if there is no newer version.'
        : null,
  });
}

/** The root that counts, and the one that trust begins with. */
function rootText({ host, home, settings: own }: Session): string {
  const compiledIn = own.root === null ? null : trustRoot(own.root).version;
  try {
    const { version } = trustedRootOf({ host, home, settings: own });
    if (version === compiledIn) return `version ${version}, compiled in`;
    return `version ${version}, kept in the home; ${compiledIn === null ? 'none' : `version ${compiledIn}`} is compiled in`;
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error;
    return error.message;
  }
}

function healthFinding({ healthy, issues }: HealthStatus): Finding {
  const details = issues.map(({ where, what }) => (what.includes(where) ? what : `${where}: ${what}`));
  if (healthy) return finding('ok', 'Everything that belongs to it is whole', { details });
  const damage = issues.filter(({ severity }) => severity === 'damage');
  const advice =
    damage.find(({ repair, advice: found }) => repair === null && found !== null)?.advice ?? null;
  const ways = [damage.some(({ repair }) => repair !== null) ? 'Run `dgmo-updater repair`.' : null, advice];
  return finding('error', 'Something is damaged or missing', {
    details,
    remediation: ways.filter((way) => way !== null).join(' ') || null,
    exitCode: worstCode(damage.map(({ exitCode }) => exitCode)),
  });
}

async function owner(session: Session): Promise<Finding> {
  const found = await ownerOf(session);
  if (found === null) return finding('ok', 'No package manager owns it');
  const { manager, command } = found;
  return finding('warning', `It belongs to ${manager}`, { remediation: `Update it with \`${command}\`.` });
}

/** Whether this user may replace the executable, where that is not left to a package manager. */
async function permission(session: Session): Promise<Finding> {
  if ((await ownerOf(session)) !== null)
    return finding('skipped', 'Replacing it is left to its package manager');
  try {
    requireReplaceable(session);
    return finding('ok', 'It may be replaced');
  } catch (error) {
    if (!(error instanceof MachineError)) throw error;
    return finding('warning', error.message.replace('; nothing was changed', ''), {
      remediation: error.advice ?? null,
    });
  }
}

function searchPath(session: Session): Finding {
  const { app, layout } = session;
  const found = onSearchPath(session);
  const details = found.map(({ path, leadsTo }) => `${path} -> ${leadsTo ?? 'nowhere'}`);
  if (found[0]?.leadsTo === layout.target) return finding('ok', `\`${app}\` starts it`, { details });
  if (found.length === 0) {
    return finding('warning', `\`${app}\` is not found in PATH`, {
      remediation: `Add ${layout.installDir} to PATH.`,
    });
  }
  return finding('warning', `\`${app}\` starts ${found[0]?.path}`, {
    details,
    remediation: `Put ${layout.installDir} first in PATH, or remove the other one.`,
  });
}

/** Below this an update may not fit: the new version, the old one that is kept, and a snapshot. */
const LITTLE = 3;

function space(session: Session): Finding {
  const { host, layout, home } = session;
  const size = knownReceipt(session)?.binary.size ?? 0;
  const folders = [layout.installDir, ...('folder' in home ? [home.folder] : [])].filter(
    (folder) => host.disk.status(folder) !== null,
  );
  const rooms = folders.map((folder) => ({ folder, room: host.disk.room(folder) }));
  const details = rooms.map(
    ({ folder, room }) =>
      `${folder}: ${room === null ? 'unknown' : `${Math.floor(room.bytes / 1e6)} MB`} free`,
  );
  const crowded = rooms.find(({ room }) => room !== null && room.files !== null && room.files < MARGIN.files);
  if (crowded !== undefined)
    return finding('warning', `There is room for few more files on the disk of ${crowded.folder}`, {
      details: [...details, `${crowded.room?.files} inodes free`],
      remediation: 'Remove some files (`df -i` shows the filesystems).',
    });
  const tight = rooms.find(({ room }) => room !== null && room.bytes < LITTLE * size);
  if (tight === undefined) return finding('ok', 'There is room for an update', { details });
  return finding('warning', `There is little room on the disk of ${tight.folder}`, {
    details,
    remediation: 'Free some space, or run `dgmo-updater snapshots prune`.',
  });
}

function lock({ host, layout }: Session): Finding {
  if (host.disk.status(layout.workDir) === null)
    return finding('skipped', 'Nothing is looked after here yet');
  const held = host.locks.acquire(layout.lock);
  if (held === null) {
    const { message, advice } = lockedError(host, layout);
    return finding(
      'warning',
      message.replace(/^a/, 'A'),
      advice === undefined ? {} : { remediation: advice },
    );
  }
  held.release();
  return finding('ok', 'No other updater is at work');
}

/** Of two builds for x64, which is installed, and whether the processor can run it. */
function processor(session: Session): Finding {
  const { host, home } = session;
  const baseline = baselineOf(targetOf(host));
  if (baseline === null) return finding('skipped', 'Nothing to check on this machine');
  const isBaseline = knownReceipt(session)?.binary.build === 'baseline';
  const failed = 'folder' in home ? choicesFile.load(host, home.folder).illegalInstruction : null;
  const details = [
    `build: ${targetName(isBaseline ? baseline : targetOf(host))}`,
    ...(failed === null ? [] : [`${failed.version} used an instruction that this processor lacks`]),
  ];
  const modern = host.hasModernInstructions();
  if (modern === null)
    return finding('skipped', 'The system does not say what the processor can do', { details });
  if (modern) return finding('ok', 'The processor has AVX2', { details });
  if (isBaseline) return finding('ok', 'The processor has no AVX2, and the build does without', { details });
  return finding('warning', 'The processor has no AVX2', {
    details,
    remediation: `Updates take ${targetName(baseline)} if the feed has it. If ${session.app} ends with "illegal instruction", ask its publisher for that build.`,
  });
}

function settings({ host, home }: Session): Finding {
  if ('missing' in home)
    return finding('warning', home.missing.message, { remediation: home.missing.advice ?? null });
  const { settings: all, policyIgnored } = decide(host, home.folder);
  const details = all
    .filter(({ decidedBy }) => decidedBy !== 'default')
    .map(
      ({ key, value, decidedBy, where }) =>
        `${key} = ${value} (${decidedBy}${where === null ? '' : `, ${where}`})`,
    );
  if (policyIgnored !== null)
    return finding('warning', `The policy file is ignored: ${policyIgnored}`, {
      details,
      remediation: 'Tell the administrator.',
    });
  const unknown = unknownVariablesText(host);
  if (unknown !== null) return finding('warning', unknown.what, { details, remediation: unknown.advice });
  return finding(
    'ok',
    details.length === 0
      ? 'Every setting is the default'
      : `${details.length} ${details.length === 1 ? 'setting is' : 'settings are'} not the default`,
    { details },
  );
}

function lastCheck(session: Session): Finding {
  const { host, home } = session;
  if ('missing' in home) return finding('skipped', 'There is no home');
  const last = lastCheckOf(host, home.folder);
  if (last === null) return finding('ok', 'It has not looked for updates yet');
  const when = timeHere(session, last.at);
  const details = [`it found: ${foundText(last)}`];
  if (last.at > host.clock.now())
    return finding('warning', `It looked for updates at ${when}, which is still to come`, {
      details,
      remediation: 'The clock was ahead then, or is behind now: compare it with another one.',
    });
  return finding('ok', `It looked for updates at ${when}`, { details });
}

function foundText({ ended, version, message }: LastCheck): string {
  if (ended === 'failed') return `nothing, it failed: ${message}`;
  return ended === 'offered' ? `${version}` : 'nothing that is offered';
}

const SHOWN = 5;

function history(session: Session): Finding {
  const entries = historyOf(session).slice(-SHOWN);
  const details = entries.map(
    ({ at, kind, from, to, ended, reason }) =>
      `${timeHere(session, at)} ${kind} ${from ?? '?'} -> ${to ?? '?'}: ${ended}${reason === null ? '' : `, ${reason}`}`,
  );
  const last = entries.at(-1);
  if (last === undefined) return finding('ok', 'There was no update yet');
  const isBad = last.ended === 'reverted' || last.ended === 'failed';
  return finding(isBad ? 'warning' : 'ok', `The last ${last.kind} ended: ${last.ended}`, {
    details,
    remediation: isBad ? 'Read why above. `dgmo-updater check` shows what is offered now.' : null,
  });
}

/** The address that a check would ask; null: none is known. */
function knownFeed({ host, home, settings: own }: Session, receipt: Receipt | null): string | null {
  const decided = 'folder' in home ? decide(host, home.folder).preferences.feed : null;
  return decided ?? receipt?.feed ?? own.feed;
}

/** @param feed null: none is known */
function proxy({ host }: Session, feed: string | null): Finding {
  if (feed === null) return finding('skipped', 'No feed is known');
  const url = new URL(feed);
  try {
    const found = proxyFor(url, host.environment);
    if (found === null) return finding('ok', `${shownAddress(url.href)} is reached directly`);
    return finding('ok', `The feed is reached through the proxy ${found.address}`);
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error;
    return finding('error', errorMessage(error), { remediation: error.advice ?? null });
  }
}
