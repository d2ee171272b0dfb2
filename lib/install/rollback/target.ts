/** Where a rollback goes: a decision over what there is to go back to, what the person asked for and what the release allows. */
import { DamagedError, PolicyError, UsageError } from '../../errors.ts';
import {
  binaryPath,
  COMPONENTS,
  type Component,
  type Listed,
  listSnapshots,
  type Snapshot,
} from '../../snapshot/index.ts';
import { compareVersions } from '../../version/index.ts';
import { isIntact } from '../installed-binary.ts';
import { type Binary, type Receipt, requireReceipt } from '../receipt.ts';
import type { Session } from '../session.ts';

export interface RollbackWish {
  /** The id of a snapshot, or the beginning of one. */
  snapshot?: string;
  version?: string;
  only?: readonly Component[];
  /** A person's word, against that of the release. */
  force?: boolean;
}

export interface RollbackTarget {
  receipt: Receipt;
  /** What is to stand at the executable afterwards; the installed one where it is not a part of it. */
  to: Binary;
  /** Null: the binary that the last update replaced, which is kept beside the installed one, and nothing else. */
  snapshot: Snapshot | null;
  components: readonly Component[];
}

/**
 * Throws PolicyError where there is nothing to go back to, or the release does not allow it; DamagedError where what there
 * is is not what it was; UsageError where no snapshot is named so.
 */
export function rollbackTarget(session: Session, wish: RollbackWish = {}): RollbackTarget {
  const receipt = requireReceipt(session.host.disk, session.layout);
  const listed = snapshotsHere(session);
  const snapshot = chosen(session, receipt, listed, wish);
  const components = componentsOf(snapshot, wish);
  const to = binaryOf(session, receipt, snapshot, components, listed);
  if (wish.force !== true) checkRelease(receipt, snapshot, to, components);
  return { receipt, to, snapshot, components };
}

function snapshotsHere({ host, snapshots }: Session): Listed[] {
  return snapshots === null ? [] : listSnapshots(host.disk, snapshots.layout);
}

/** Null: the kept binary. */
function chosen(
  session: Session,
  receipt: Receipt,
  listed: readonly Listed[],
  wish: RollbackWish,
): Snapshot | null {
  const own = listed.filter((one) => isOwn(one, receipt));
  if (wish.snapshot !== undefined) return named(session, receipt, listed, wish.snapshot);
  const { version } = wish;
  if (version !== undefined) {
    const found = own.findLast(({ found }) => !(found instanceof Error) && found.version === version);
    if (found !== undefined) return intact(found, own);
    if (receipt.previous?.version === version) return null;
    throw new PolicyError(`there is no snapshot of ${version} here`, {
      advice:
        '`dgmo-updater snapshots list` shows what there is; `update --version` installs it from the feed.',
    });
  }
  const { previous, binary } = receipt;
  const withBinary = (sha256: string) => own.findLast(({ found }) => checksumOf(found) === sha256);
  if (previous !== null) {
    const found = withBinary(previous.sha256);
    return found === undefined ? null : intact(found, own);
  }
  const last = own.findLast(({ found }) => found instanceof Error || checksumOf(found) !== binary.sha256);
  if (last !== undefined) return intact(last, own);
  if (!isIntact(session, receipt)) {
    // The executable is damaged or missing: a snapshot of the same version repairs it.
    const same = withBinary(binary.sha256);
    if (same !== undefined) return intact(same, own);
  }
  throw new PolicyError(
    `there is no version before ${binary.version} to go back to: none was kept here`,
    own.length === 0
      ? {}
      : {
          advice: `\`dgmo-updater rollback <id>\` goes back within ${binary.version}; \`snapshots list\` shows the ids.`,
        },
  );
}

/** A snapshot that can't be read may be ours: it is not passed over in silence. */
function isOwn({ found }: Listed, { installId }: Receipt): boolean {
  return found instanceof Error || found.installId === installId;
}

function checksumOf(found: Snapshot | DamagedError): string | null {
  return found instanceof Error ? null : (found.components.binary?.checksum ?? null);
}

function named(session: Session, receipt: Receipt, listed: readonly Listed[], name: string): Snapshot {
  const snapshot = intact(findSnapshot(listed, name), listed);
  const { platform, arch } = snapshot.metadata;
  const { host } = session;
  if (platform !== host.platform || arch !== host.arch) {
    throw new PolicyError(
      `the snapshot ${snapshot.id} was taken on ${platform}-${arch}, this is ${host.platform}-${host.arch}`,
    );
  }
  if (snapshot.installId === receipt.installId && snapshot.app === receipt.app) return snapshot;
  throw new PolicyError(
    `the snapshot ${snapshot.id} was taken of another installation (${snapshot.app} ${snapshot.version})`,
    { advice: '`dgmo-updater snapshots list` shows those of this one.' },
  );
}

/** By its id or the beginning of it. UsageError if no snapshot, or more than one, begins so. */
export function findSnapshot<One extends { id: string }>(listed: readonly One[], name: string): One {
  const exact = listed.find(({ id }) => id === name);
  const found = exact === undefined ? listed.filter(({ id }) => id.startsWith(name)) : [exact];
  const [one] = found;
  if (one !== undefined && found.length === 1) return one;
  throw new UsageError(
    found.length === 0
      ? `there is no snapshot ${JSON.stringify(name)}`
      : `${found.length} snapshots begin with ${JSON.stringify(name)}: ${found.map(({ id }) => id).join(', ')}`,
    { advice: '`dgmo-updater snapshots list` shows which there are.' },
  );
}

function intact({ id, found }: Listed, listed: readonly Listed[]): Snapshot {
  if (!(found instanceof Error)) return found;
  const own = found.advice === undefined ? '' : `${found.advice} `;
  throw new DamagedError(found.message, { advice: `${own}${adviceAfter(id, listed)}`, cause: found });
}

/** The newest one that is left to try; the caller has found this one damaged. */
export function adviceAfter(damaged: string, listed: readonly Listed[]): string {
  const other = listed.findLast(({ id, found }) => id !== damaged && !(found instanceof Error));
  if (other === undefined) return 'There is no other snapshot.';
  const version = other.found instanceof Error ? '' : ` (${other.found.version})`;
  return `The next one is ${other.id}${version}: \`dgmo-updater rollback ${other.id}\`. \`snapshots verify\` tells which are sound.`;
}

function componentsOf(snapshot: Snapshot | null, { only }: RollbackWish): readonly Component[] {
  if (snapshot === null) {
    const other = only?.find((component) => component !== 'binary');
    if (other === undefined) return ['binary'];
    throw new PolicyError(`there is no snapshot to take ${other} from: only the binary was kept here`);
  }
  return COMPONENTS.filter((component) => only === undefined || only.includes(component));
}

function binaryOf(
  session: Session,
  receipt: Receipt,
  snapshot: Snapshot | null,
  components: readonly Component[],
  listed: readonly Listed[],
): Binary {
  if (!components.includes('binary')) return receipt.binary;
  if (snapshot === null) return keptBinary(session, receipt);
  const { binary } = snapshot.components;
  if (binary === null || !binary.sound) {
    throw new DamagedError(
      `the snapshot ${snapshot.id} has ${binary === null ? 'no binary' : 'a binary that was changed or damaged when it was taken'}`,
      { advice: 'Leave the binary out with --only, or go to another snapshot.' },
    );
  }
  const to = { version: snapshot.version, sha256: binary.checksum, size: binary.size };
  if (binarySource(session, to) !== null) return to;
  throw new DamagedError(
    `the binary of the snapshot ${snapshot.id} is damaged or missing: ${storedPath(session, to)}`,
    {
      advice: adviceAfter(snapshot.id, listed),
    },
  );
}

function keptBinary(session: Session, receipt: Receipt): Binary {
  const { layout, digests } = session;
  const to = receipt.previous;
  if (to === null) throw new PolicyError('no version was kept here to go back to');
  if (binarySource(session, to) !== null) return to;
  const found = digests.of(layout.kept(to.sha256));
  throw new DamagedError(
    `the kept binary of ${to.version}, ${layout.kept(to.sha256)}, has SHA-256 ${found?.sha256 ?? '(no file)'}, wanted ${to.sha256}`,
    { advice: `Install ${to.version} from a package instead.` },
  );
}

/** A sound copy of this binary: the kept one, the one that stands, or the store's; null where there is none. */
export function binarySource(session: Session, { sha256 }: Binary): string | null {
  const { layout, digests } = session;
  const paths = [layout.kept(sha256), layout.target, storedPath(session, { sha256 })];
  return paths.find((path) => path !== null && digests.of(path)?.sha256 === sha256) ?? null;
}

function storedPath({ snapshots }: Session, { sha256 }: Pick<Binary, 'sha256'>): string | null {
  return snapshots === null ? null : binaryPath(snapshots.layout, sha256);
}

/** What the installed release says about going back from it. */
function checkRelease(
  receipt: Receipt,
  snapshot: Snapshot | null,
  to: Binary,
  components: readonly Component[],
): void {
  const { binary, rollback } = receipt;
  const back = components.includes('binary') && compareVersions(to.version, binary.version) < 0;
  const advice = 'If you know what you do, --force goes back all the same.';
  if (rollback !== null && back) {
    if (!rollback.supported)
      throw new PolicyError(`${binary.version} can't be rolled back: its release says so`, { advice });
    if (compareVersions(to.version, rollback.minVersion) < 0) {
      throw new PolicyError(
        `${binary.version} can be rolled back to ${rollback.minVersion} at the lowest, wanted ${to.version}`,
        { advice },
      );
    }
  }
  if (snapshot === null) return;
  const now = formatIn(rollback);
  const then = formatIn(snapshot.rollback);
  if (now === then) return;
  const both = ['binary', 'data'].map((name) => components.some((component) => component === name));
  if (both[0] === both[1]) return;
  throw new PolicyError(
    `the data has format ${now} now, it had format ${then} in the snapshot: binary and data go back together or not at all`,
    { advice: `Name both with --only, or leave it out. ${advice}` },
  );
}

/** Of a version that was adopted nothing is known: it counts like a release that says nothing. */
const FIRST_FORMAT = 1;

function formatIn(rollback: Receipt['rollback']): number {
  return rollback?.dataVersion ?? FIRST_FORMAT;
}

/** Whether more than the executable changes: then nobody may be working with it meanwhile. */
export function changesFolders({ components }: RollbackTarget): boolean {
  return components.some((component) => component !== 'binary');
}

/** Whether the format of the data is another one then: worth saying before it is done. */
export function dataMoves({ receipt, snapshot }: RollbackTarget): { from: number; to: number } | null {
  if (snapshot === null) return null;
  const from = formatIn(receipt.rollback);
  const to = formatIn(snapshot.rollback);
  return from === to ? null : { from, to };
}
