/**
 * One refresh: the client workflow of the TUF specification, section 5.3 to 5.6, from the trusted root to the top-level
 * targets. The files in the folder are tried first, verified like everything else, and downloaded again if they are
 * damaged, old or missing.
 */
import { DamagedError, TrustError } from '../../errors.ts';
import { type Document, readDocument, readRemote } from './document.ts';
import { type FeedRole, MAX_BYTES, MAX_ROOT_ROTATIONS } from './limits.ts';
import type { MetadataFolder } from './metadata-folder.ts';
import {
  type MetadataSource,
  metadataUrl,
  readBounded,
  readRequired,
  timestampFile,
} from './metadata-source.ts';
import { checkRoleName, roleAddress, roleFile } from './role-name.ts';
import { type TrustContext, TrustedMetadata } from './trusted-metadata.ts';

export interface RefreshContext extends TrustContext {
  readonly folder: MetadataFolder;
  readonly source: MetadataSource;
  /** The address of the folder with the metadata files. */
  readonly baseUrl: string;
  /** As JSON; null if none was compiled in. */
  readonly compiledInRoot: unknown;
  readonly lowestRoot: number;
  onRoot(version: number): void;
}

/** `now`: milliseconds since the epoch, for all checks of this refresh (spec 5.1). */
export async function refresh(context: RefreshContext, now: number): Promise<TrustedMetadata> {
  const trusted = trustedRoot(context, now);
  await updateRoot(context, trusted);
  await updateTimestamp(context, trusted);
  await updateSnapshot(context, trusted);
  await loadTargets(context, trusted, 'targets', 'root');
  return trusted;
}

/**
 * Spec 5.2: the compiled-in root, else the one in the folder. A kept root never replaces the compiled-in one by itself:
 * whoever can write into the folder could put any root there. It counts as the end of a chain, see `updateRoot`.
 */
function trustedRoot(context: RefreshContext, now: number): TrustedMetadata {
  const { folder, compiledInRoot } = context;
  const builtIn = builtInRoot(compiledInRoot);
  if (builtIn !== null) return new TrustedMetadata(builtIn, now, context);
  const bytes = folder.read('root.json', MAX_BYTES.root);
  let cause: unknown;
  if (bytes !== null) {
    try {
      return new TrustedMetadata(readDocument(bytes, 'root', 'root.json'), now, context);
    } catch (error) {
      if (!isUnusable(error)) throw error;
      cause = error;
    }
  }
  throw new TrustError(
    'there is no trusted root: none was compiled in, and the one that is kept is unusable',
    {
      advice: 'Give one with `dgmo-updater init --root <root.json>`.',
      cause,
    },
  );
}

function builtInRoot(json: unknown): Document | null {
  if (json === null || json === undefined) return null;
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  return readDocument(bytes, 'root', 'the compiled-in root');
}

/**
 * Spec 5.3: one version after the other up to the last, each signed by the one before it and by itself: first those that
 * the folder keeps, then those that are published.
 */
async function updateRoot(context: RefreshContext, trusted: TrustedMetadata): Promise<void> {
  const followed: Uint8Array[] = [];
  const follow = (document: Document) => {
    trusted.addRoot(document);
    followed.push(document.bytes);
    context.onRoot(document.version);
  };
  try {
    followKept(context, trusted, follow);
    await followPublished(context, trusted, follow);
  } finally {
    keepNewest(context, followed.at(-1));
  }
  requireLowestRoot(context, trusted);
  trusted.checkRootExpiry();
}

/** The kept roots as far as their chain goes. What is missing or damaged after that is published, too. */
function followKept(
  context: RefreshContext,
  { root }: TrustedMetadata,
  follow: (root: Document) => void,
): void {
  let version = root.signed.version + 1;
  while (useKept(context, 'root', `${version}.root.json`, follow) !== null) version++;
}

async function followPublished(
  { folder, source, baseUrl }: RefreshContext,
  { root }: TrustedMetadata,
  follow: (root: Document) => void,
): Promise<void> {
  const first = root.signed.version + 1;
  for (let version = first; ; version++) {
    const name = `${version}.root.json`;
    const bytes = await readBounded(source, metadataUrl(baseUrl, name), MAX_BYTES.root);
    if (bytes === null) return;
    if (version === first + MAX_ROOT_ROTATIONS) {
      throw new TrustError(
        `not trusted: wanted at most ${MAX_ROOT_ROTATIONS} new roots at once, found more after version ${first - 1}`,
        { advice: 'Run it again: it continues from the last one.' },
      );
    }
    follow(readRemote(bytes, 'root', name));
    folder.write(name, bytes);
  }
}

/** The newest root under a name that does not depend on its version, where older updaters look for it, too. */
function keepNewest({ folder }: RefreshContext, newest: Uint8Array | undefined): void {
  if (newest === undefined) return;
  const kept = folder.read('root.json', MAX_BYTES.root);
  if (kept === null || Buffer.compare(kept, newest) !== 0) folder.write('root.json', newest);
}

function requireLowestRoot({ lowestRoot }: RefreshContext, { root }: TrustedMetadata): void {
  const { version } = root.signed;
  if (version >= lowestRoot) return;
  throw new TrustError(
    `not trusted: wanted root version ${lowestRoot}, which was trusted here before, or a later one, found that the ` +
      `feed ends at version ${version}`,
    {
      advice:
        'Its keys may have been revoked. Try again later, or from another network; if it happens again, ask the ' +
        'publisher. If you follow another publisher now, say so with `dgmo-updater init --root <root.json>`.',
    },
  );
}

/** Spec 5.4. A timestamp in the folder that was signed by revoked keys is no longer valid, so it is ignored (5.3.11). */
async function updateTimestamp(context: RefreshContext, trusted: TrustedMetadata): Promise<void> {
  const kept = useKept(context, 'timestamp', 'timestamp.json', (document) => trusted.addTimestamp(document));
  const { url, maxLength } = timestampFile(context.baseUrl);
  const bytes = await readRequired(context.source, url, maxLength);
  const isVerified = kept !== null && Buffer.compare(kept, bytes) === 0;
  const isNew = !isVerified && trusted.addTimestamp(readRemote(bytes, 'timestamp', 'timestamp.json'));
  if (isNew) context.folder.write('timestamp.json', bytes);
  trusted.checkTimestampExpiry();
}

/** Spec 5.5. An older snapshot in the folder is still used to detect rollbacks of the files that it lists (5.5.5). */
async function updateSnapshot(context: RefreshContext, trusted: TrustedMetadata): Promise<void> {
  const usable = useKept(context, 'snapshot', 'snapshot.json', (document) =>
    trusted.addSnapshot(document, true),
  );
  const meta = trusted.timestamp?.signed.snapshotMeta;
  if (usable !== null || meta === undefined) return;
  const name = roleAddress('snapshot', trusted.root.signed.consistentSnapshot ? meta.version : null);
  const limit = boundOf(meta.length, 'snapshot');
  const bytes = await readRequired(context.source, metadataUrl(context.baseUrl, name), limit);
  trusted.addSnapshot(readRemote(bytes, 'snapshot', 'snapshot.json'), false);
  context.folder.write('snapshot.json', bytes);
}

/** Spec 5.6.1 to 5.6.6 for one role: the metadata that is already verified, or is in the folder, or is published. */
export async function loadTargets(
  context: RefreshContext,
  trusted: TrustedMetadata,
  role: string,
  delegator: string,
): Promise<void> {
  checkRoleName(role);
  const verified = trusted.targets(role);
  if (verified !== undefined) {
    trusted.verifyDelegation(verified, role, delegator);
    return;
  }
  const meta = trusted.metaOf(role);
  const file = roleFile(role);
  if (useKept(context, 'targets', file, (document) => trusted.addTargets(document, role, delegator)) !== null)
    return;
  const name = roleAddress(role, trusted.root.signed.consistentSnapshot ? meta.version : null);
  const limit = boundOf(meta.length, 'targets');
  const bytes = await readRequired(context.source, metadataUrl(context.baseUrl, name), limit);
  // Parsed first, to tell a proxy's page from an attack; the hashes are checked before anything is trusted (5.6.2).
  trusted.addTargets(readRemote(bytes, 'targets', name), role, delegator);
  context.folder.write(file, bytes);
}

/** The bytes of the file, if the folder has it and it is still valid; else null. */
function useKept(
  { folder }: RefreshContext,
  role: FeedRole,
  file: string,
  add: (document: Document) => unknown,
): Uint8Array | null {
  const bytes = folder.read(file, MAX_BYTES[role]);
  if (bytes === null) return null;
  try {
    add(readDocument(bytes, role, file));
    return bytes;
  } catch (error) {
    if (!isUnusable(error)) throw error;
    return null;
  }
}

function isUnusable(error: unknown): boolean {
  return error instanceof DamagedError || error instanceof TrustError;
}

/** A length in signed metadata lowers the limit and never raises it. */
function boundOf(length: number | undefined, role: FeedRole): number {
  return Math.min(length ?? MAX_BYTES[role], MAX_BYTES[role]);
}
