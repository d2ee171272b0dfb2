/** Files of a repository: TUF metadata, channel indexes and pages, manifests. With a root, also whether they are trusted. */

import type { Snapshot, Targets, Timestamp } from '@tufjs/models';
import { TrustError } from '../../../lib/errors.ts';
import { readSource } from '../../../lib/platform/files.ts';
import type { TrustedRoot } from '../../../lib/trust/index.ts';
import {
  decodeIndex,
  decodeManifest,
  decodePage,
  type ListedRelease,
  revocationTimes,
  targetName,
} from '../../../lib/version/index.ts';
import { counted } from '../../progress.ts';
import { type Document, readSnapshot, readTargets, readTimestamp } from '../../repository/documents.ts';
import { isSignedBy } from '../../repository/published.ts';
import type { Inspector, Note } from './inspector.ts';

type AnyDocument = Document<Timestamp> | Document<Snapshot> | Document<Targets>;

export const inspectTimestamp: Inspector = (source, note, { root }) => {
  const document = readTimestamp(readSource(source), 'timestamp');
  common(document, note);
  note('snapshot', document.metadata.signed.snapshotMeta.version);
  requireTrusted(document, 'timestamp', note, root);
};

export const inspectSnapshot: Inspector = (source, note, { root }) => {
  const document = readSnapshot(readSource(source), 'snapshot');
  common(document, note);
  const meta = Object.entries(document.metadata.signed.meta);
  note('files', Object.fromEntries(meta.map(([name, { version }]) => [name, version])));
  requireTrusted(document, 'snapshot', note, root);
};

/** A delegated role is signed by keys that the top-level role names, so it is only shown. */
export const inspectTargets: Inspector = (source, note, { root }) => {
  const document = readTargets(readSource(source), 'targets');
  common(document, note);
  const { targets, delegations } = document.metadata.signed;
  note('delegates to', Object.keys(delegations?.roles ?? {}));
  const files = Object.entries(targets).map(([name, { hashes }]) => [name, hashes.sha256]);
  note('targets', Object.fromEntries(files));
  const revoked = Object.entries(targets).flatMap(([name, { custom }]) =>
    Object.keys(custom).length === 0 ? [] : [[name, timesByVersion(custom, name)] as const],
  );
  if (revoked.length > 0) note('revoked', Object.fromEntries(revoked));
  if (delegations !== undefined || files.length === 0) requireTrusted(document, 'targets', note, root);
};

/** When each version was revoked. */
function timesByVersion(custom: unknown, name: string): Record<string, string> {
  const { revoked } = revocationTimes(custom, `${name}: custom`);
  return Object.fromEntries(revoked.map(({ version, at }) => [version, new Date(at).toISOString()]));
}

function common({ metadata: { signed, signatures } }: AnyDocument, note: Note): void {
  note('version', signed.version);
  note('expires', signed.expires);
  note('signatures', Object.keys(signatures));
}

function requireTrusted({ metadata }: AnyDocument, role: string, note: Note, root: TrustedRoot | null): void {
  if (root === null) {
    note('trusted', 'not checked, no root given');
    return;
  }
  if (!isSignedBy(root.metadata, role, metadata)) {
    throw new TrustError(
      `not trusted: wanted it signed by enough of the ${role} keys of root version ${root.version}, found too few`,
    );
  }
  note('trusted', true);
}

export const inspectIndex: Inspector = (source, note) => {
  const index = decodeIndex(readSource(source));
  note('app', index.app);
  note('channel', index.channel);
  note('target', targetName(index));
  note('minimum', index.minimum ?? 'none');
  note('revoked', index.revoked.length === 0 ? 'none' : index.revoked);
  releases(index.releases, note);
  note('older', index.older?.path ?? 'none');
};

export const inspectPage: Inspector = (source, note) => {
  const page = decodePage(readSource(source));
  releases(page.releases, note);
  note('older', page.older?.path ?? 'none');
};

function releases(list: readonly ListedRelease[], note: Note): void {
  const lines = list.map(({ version, rollout, type, packages }) => [
    version,
    `${type}, ${rollout} %, ${counted(packages.length, 'package')}`,
  ]);
  note('releases', Object.fromEntries(lines));
}

export const inspectManifest: Inspector = (source, note) => {
  const manifest = decodeManifest(readSource(source));
  note('version', manifest.version);
  note('released', new Date(manifest.releaseDate).toISOString());
  note('from', manifest.updates.from ?? 'none');
  note('type', manifest.updates.type);
  note('risk', manifest.updates.riskLevel);
  note('targets', manifest.binaries.map(targetName));
  note(
    'evolutions',
    manifest.evolutions.map(({ id }) => id),
  );
  note('rollback', manifest.rollback);
};
