/**
 * Changes the feed atomically: clients see the old feed or the new one, wherever this is interrupted.
 *
 * First every document is made in memory. Then immutable files are written: indexes and pages, then metadata under
 * version numbers that no file here has yet (so no version is ever published with two contents, not even one that an
 * interrupted run left behind). Last, `timestamp.json` is replaced; clients reach everything else through it. A new root
 * is published separately (`placeRoot`) and must fit what is already published.
 */
import path from 'node:path';
import type { Targets } from '@tufjs/models';
import { digestBytes, replaceDurably } from '../../lib/platform/files.ts';
import { decodeRoot, type RoleName, type TrustedRoot } from '../../lib/trust/index.ts';
import { indexPath, targetName } from '../../lib/version/index.ts';
import type { Signers } from '../keys/signers.ts';
import {
  delegationsTo,
  type FeedTarget,
  makeSnapshot,
  makeTargets,
  makeTimestamp,
  type TargetsDocument,
} from './documents.ts';
import { type Place, placeBytes } from './place.ts';
import { isSignedBy, type Published } from './published.ts';
import { type Channel, writeChannel } from './releases/channel.ts';

const DAY = 24 * 60 * 60 * 1000;

export interface Edit {
  /** The channels that changed, in full. */
  channels?: readonly Channel[];
  /** Signed again although its content is the same; `targets` includes every delegated role. */
  renew?: ReadonlySet<'targets' | 'snapshot'>;
  /** The root whose keys sign; the newest one unless given. */
  root?: TrustedRoot;
  /** Milliseconds since the epoch. */
  now: number;
}

interface Draft {
  /** Paths below `targets/`. Both lists are in the order in which they are written, `targets` first. */
  targets: { path: string; bytes: Uint8Array }[];
  metadata: { name: string; bytes: Uint8Array }[];
  timestamp: Uint8Array;
}

export function commit(published: Published, edit: Edit, signers: Signers): void {
  const draft = compose(published, edit, signers);
  const { host, layout } = published;
  const place: Place = { disk: host.disk, layout };
  for (const file of draft.targets) placeBytes(place, path.join(layout.targets, file.path), file.bytes);
  for (const file of draft.metadata) placeBytes(place, path.join(layout.metadata, file.name), file.bytes);
  replaceDurably(host.disk, layout.timestamp, layout.metadata, draft.timestamp, 0o644);
}

/**
 * Publishes a root. Everything published must be valid under it, because clients look for a new root before anything
 * else.
 */
export function placeRoot({ host, layout }: Published, root: Uint8Array): void {
  const name = `${decodeRoot(root).version}.root.json`;
  placeBytes({ disk: host.disk, layout }, path.join(layout.metadata, name), root);
}

function compose(published: Published, edit: Edit, signers: Signers): Draft {
  const { current, settings } = published;
  const root = edit.root ?? published.root;
  const renew = edit.renew ?? new Set();
  const keysOf = (role: RoleName) => signers.keys(role, root);
  const stamp = (role: string, days: number) => ({
    version: nextVersion(published, role),
    expires: edit.now + days * DAY,
  });
  const draft: Draft = { targets: [], metadata: [], timestamp: new Uint8Array() };

  const changed = Map.groupBy(edit.channels ?? [], ({ target }) => targetName(target));
  const names = [...new Set([...(current?.roles.keys() ?? []), ...changed.keys()])].sort();
  const delegations = names.length === 0 ? undefined : delegationsTo(names, root.roles.targets);
  const old = current?.targets;
  const sameDelegations =
    old !== undefined && sameJson(delegations, old.metadata.signed.delegations?.toJSON());
  const keepTargets =
    old !== undefined &&
    sameDelegations &&
    !renew.has('targets') &&
    isSignedBy(root.metadata, 'targets', old.metadata);
  const targets = keepTargets
    ? old
    : makeTargets(stamp('targets', settings.days.targets), {}, delegations, keysOf('targets'));
  if (!keepTargets) draft.metadata.push(named('targets', targets));

  const files: Record<string, TargetsDocument> = { 'targets.json': targets };
  for (const name of names) {
    const before = current?.roles.get(name);
    const channels = changed.get(name);
    const kept =
      before !== undefined &&
      channels === undefined &&
      !renew.has('targets') &&
      isSignedBy(targets.metadata, name, before.metadata);
    const indexes = indexesOf(before?.metadata.signed);
    for (const channel of channels ?? []) {
      const written = writeChannel(settings.app, channel);
      draft.targets.push(...written.files);
      const { custom } = written;
      const digest = digestBytes(written.index);
      indexes[indexPath(channel.name, channel.target)] = { ...digest, ...(custom && { more: { custom } }) };
    }
    const document = kept
      ? before
      : makeTargets(stamp(name, settings.days.targets), indexes, undefined, keysOf('targets'));
    if (!kept) draft.metadata.push(named(name, document));
    files[`${name}.json`] = document;
  }

  signers.remote?.requireAll();
  const oldSnapshot = current?.snapshot;
  const keepSnapshot =
    oldSnapshot !== undefined &&
    draft.metadata.length === 0 &&
    !renew.has('snapshot') &&
    isSignedBy(root.metadata, 'snapshot', oldSnapshot.metadata);
  const snapshot = keepSnapshot
    ? oldSnapshot
    : makeSnapshot(stamp('snapshot', settings.days.snapshot), files, keysOf('snapshot'));
  if (!keepSnapshot) {
    draft.metadata.push({
      name: `${snapshot.metadata.signed.version}.snapshot.json`,
      bytes: snapshot.bytes,
    });
  }
  signers.remote?.requireAll();
  const timestamp = makeTimestamp(
    {
      version: (current?.timestamp.metadata.signed.version ?? 0) + 1,
      expires: edit.now + settings.days.timestamp * DAY,
    },
    snapshot,
    keysOf('timestamp'),
  );
  signers.remote?.requireAll();
  draft.timestamp = timestamp.bytes;
  return draft;
}

function nextVersion({ highest, current }: Published, role: string): number {
  const published = current?.snapshot.metadata.signed.meta[`${role}.json`]?.version ?? 0;
  return Math.max(highest.get(role) ?? 0, published) + 1;
}

function named(role: string, { metadata, bytes }: TargetsDocument) {
  return { name: `${metadata.signed.version}.${role}.json`, bytes };
}

function indexesOf(signed: Targets | undefined): Record<string, FeedTarget> {
  return Object.fromEntries(
    Object.entries(signed?.targets ?? {}).map(([name, { length, hashes, unrecognizedFields }]) => [
      name,
      { sha256: hashes.sha256 ?? '', size: length, more: unrecognizedFields },
    ]),
  );
}

function sameJson(a: unknown, b: unknown): boolean {
  return Bun.deepEquals(a ?? null, b ?? null);
}
