/**
 * One refresh: the client workflow of the TUF specification, section 5.3 to 5.6, from the trusted root to the top-level
 * targets. The files in the folder are tried first, verified like everything else, and downloaded again if they are
 * damaged, old or missing.
 */
import { DamagedError, TrustError } from '../../errors.ts';
import { type Document, readDocument, readRemote } from './document.ts';
import type { KeyPolicy } from './key-policy.ts';
import { type FeedRole, MAX_BYTES, MAX_ROOT_ROTATIONS } from './limits.ts';
import type { MetadataFolder } from './metadata-folder.ts';
import { type MetadataSource, metadataUrl, readBounded, readRequired } from './metadata-source.ts';
import { checkRoleName, roleAddress, roleFile } from './role-name.ts';
import { TrustedMetadata } from './trusted-metadata.ts';

export interface RefreshContext {
  readonly folder: MetadataFolder;
  readonly source: MetadataSource;
  /** The address of the folder with the metadata files. */
  readonly baseUrl: string;
  /** As JSON; null if none was compiled in. */
  readonly compiledInRoot: unknown;
  readonly policy: KeyPolicy;
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
 * Spec 5.2: the root in the folder, unless the compiled-in one is newer. A newer one comes with an update of the updater
 * itself, which is the way out if too many root keys are lost to sign a rotation (home/trusted-root.ts has the same rule for
 * packages). If the one in the folder is damaged or missing, the rotations from the compiled-in one lead to the same root.
 */
function trustedRoot({ folder, compiledInRoot, policy }: RefreshContext, now: number): TrustedMetadata {
  const builtIn = builtInRoot(compiledInRoot);
  const bytes = folder.read('root.json', MAX_BYTES.root);
  let cause: unknown;
  if (bytes !== null) {
    try {
      const document = readDocument(bytes, 'root', 'root.json');
      if (builtIn === null || document.version >= builtIn.version) {
        return new TrustedMetadata(document, now, policy);
      }
    } catch (error) {
      if (!isUnusable(error)) throw error;
      cause = error;
    }
  }
  if (builtIn !== null) return new TrustedMetadata(builtIn, now, policy);
  throw new TrustError(
    'there is no trusted root: none was compiled in, and the one that is kept is unusable',
    {
      advice: 'Give one with `dgmo-updater init --version <v> --root <root.json>`.',
      cause,
    },
  );
}

function builtInRoot(json: unknown): Document | null {
  if (json === null || json === undefined) return null;
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  return readDocument(bytes, 'root', 'the compiled-in root');
}

/** Spec 5.3: one version after the other up to the last, each signed by the one before it. */
async function updateRoot(context: RefreshContext, trusted: TrustedMetadata): Promise<void> {
  const first = trusted.root.signed.version + 1;
  for (let version = first; ; version++) {
    const name = `${version}.root.json`;
    const bytes = await readBounded(context.source, metadataUrl(context.baseUrl, name), MAX_BYTES.root);
    if (bytes === null) break;
    if (version === first + MAX_ROOT_ROTATIONS) {
      throw new TrustError(
        `not trusted: wanted at most ${MAX_ROOT_ROTATIONS} new roots at once, found more after version ${first - 1}`,
        { advice: 'Run it again: it continues from the last one.' },
      );
    }
    trusted.addRoot(readRemote(bytes, 'root', name));
    context.folder.write('root.json', bytes);
  }
  trusted.checkRootExpiry();
}

/** Spec 5.4. A timestamp in the folder that was signed by revoked keys is no longer valid, so it is ignored (5.3.11). */
async function updateTimestamp(context: RefreshContext, trusted: TrustedMetadata): Promise<void> {
  useKept(context, 'timestamp', 'timestamp.json', (document) => trusted.addTimestamp(document));
  const url = metadataUrl(context.baseUrl, 'timestamp.json');
  const bytes = await readRequired(context.source, url, MAX_BYTES.timestamp);
  const isNew = trusted.addTimestamp(readRemote(bytes, 'timestamp', 'timestamp.json'));
  if (isNew) context.folder.write('timestamp.json', bytes);
  trusted.checkTimestampExpiry();
}

/** Spec 5.5. An older snapshot in the folder is still used to detect rollbacks of the files that it lists (5.5.5). */
async function updateSnapshot(context: RefreshContext, trusted: TrustedMetadata): Promise<void> {
  const usable = useKept(context, 'snapshot', 'snapshot.json', (document) =>
    trusted.addSnapshot(document, true),
  );
  const meta = trusted.timestamp?.signed.snapshotMeta;
  if (usable || meta === undefined) return;
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
  if (useKept(context, 'targets', file, (document) => trusted.addTargets(document, role, delegator))) return;
  const name = roleAddress(role, trusted.root.signed.consistentSnapshot ? meta.version : null);
  const limit = boundOf(meta.length, 'targets');
  const bytes = await readRequired(context.source, metadataUrl(context.baseUrl, name), limit);
  // Parsed first, to tell a proxy's page from an attack; the hashes are checked before anything is trusted (5.6.2).
  trusted.addTargets(readRemote(bytes, 'targets', name), role, delegator);
  context.folder.write(file, bytes);
}

/** Whether the folder has the file and it is still valid. */
function useKept(
  { folder }: RefreshContext,
  role: FeedRole,
  file: string,
  add: (document: Document) => unknown,
): boolean {
  const bytes = folder.read(file, MAX_BYTES[role]);
  if (bytes === null) return false;
  try {
    add(readDocument(bytes, role, file));
    return true;
  } catch (error) {
    if (!isUnusable(error)) throw error;
    return false;
  }
}

function isUnusable(error: unknown): boolean {
  return error instanceof DamagedError || error instanceof TrustError;
}

/** A length in signed metadata lowers the limit and never raises it. */
function boundOf(length: number | undefined, role: FeedRole): number {
  return Math.min(length ?? MAX_BYTES[role], MAX_BYTES[role]);
}
