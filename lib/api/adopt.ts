/** Adopting an executable that was installed by hand. */
import { UsageError } from '../errors.ts';
import { decodeInput } from '../format/decoder.ts';
import { requireHome } from '../home/folder.ts';
import { acceptRoot, keepTrustedRoot } from '../home/trusted-root.ts';
import {
  adopt,
  createWorkDir,
  type Receipt,
  requireExecutable,
  type Session,
  withLock,
} from '../install/index.ts';
import { readFile } from '../platform/files.ts';
import { feedAddress } from '../version/index.ts';

export interface AdoptOptions {
  /** The version of the installed executable. */
  version: string;
  /** Address of the feed that publishes its releases. */
  feed?: string | undefined;
  /** Path of a TUF root to trust from now on. Default: the currently trusted root is kept. */
  root?: string | undefined;
}

export interface Adopted {
  app: string;
  executable: string;
  receipt: Receipt;
  /** False if all of it was already recorded. */
  changed: boolean;
}

/** @throws as `Installation.adopt` does */
export async function adoptExecutable(
  session: Session,
  { version, feed, root }: AdoptOptions,
): Promise<Adopted> {
  const { host, layout, app } = session;
  if (feed !== undefined) decodeInput(feedAddress, feed, '--feed');
  const document = root === undefined ? null : readRoot(session, root);
  requireExecutable(session);
  createWorkDir(host, layout);
  return withLock(host, layout, async () => {
    const { receipt, changed } = adopt(session, version, feed ?? null, document?.version ?? null);
    // Last, so that a failed adoption does not change the trusted root.
    if (document !== null) {
      keepTrustedRoot(host, requireHome(session.home), document.bytes, session.settings.root);
    }
    return { app, executable: layout.target, receipt, changed };
  });
}

/** Reads and checks the root, before anything is written. */
function readRoot({ host, home, settings }: Session, file: string): { bytes: Uint8Array; version: number } {
  const bytes = readFile(host.disk, file, 1 << 20);
  if (bytes === null) throw new UsageError(`--root: there is no file ${file}`);
  const { root } = acceptRoot(host, requireHome(home), bytes, settings.root);
  return { bytes, version: root.version };
}
