/** Executables that can be put back: whole ones on this machine, and those that the store of snapshots has as patches. */
import { DamagedError } from '../../errors.ts';
import { copyAndDigest, removeIfThere, writeAll } from '../../platform/files.ts';
import {
  binaryPath,
  chainTo,
  isSoundChain,
  openBinary,
  type StoreLayout,
  storedBinaries,
  withoutWhole,
  withStore,
} from '../../snapshot/index.ts';
import { countRead } from '../count-read.ts';
import type { Binary } from '../receipt.ts';
import { checkpoint, type Session } from '../session.ts';
import { linkOrCopy } from '../transaction/keep.ts';

/** Without the size every file that may be it is read. */
type WantedBinary = Pick<Binary, 'sha256'> & Partial<Pick<Binary, 'size'>>;

/** Path of an intact copy of this binary: kept, installed, or in the snapshot store. Null if there is none. */
export function binarySource(session: Session, binary: WantedBinary): string | null {
  const { layout, digests } = session;
  const paths = [layout.kept(binary.sha256), layout.target, storedPath(session, binary)];
  return paths.find((path) => path !== null && digests.is(path, binary)) ?? null;
}

function storedPath({ snapshots }: Session, { sha256 }: Pick<Binary, 'sha256'>): string | null {
  return snapshots === null ? null : binaryPath(snapshots.layout, sha256);
}

/** What the store has the executable in, for a message: the whole one, or the patches through which it is read. */
export function storedPlace(session: Session, { sha256 }: Pick<Binary, 'sha256'>): string | null {
  const { host, snapshots } = session;
  if (snapshots === null) return null;
  const { layout } = snapshots;
  const chain = chainTo(withoutWhole(storedBinaries(host.disk, layout), sha256), sha256) ?? [];
  if (chain.length === 0 || host.disk.status(binaryPath(layout, sha256)) !== null)
    return storedPath(session, { sha256 });
  const base = binaryPath(layout, chain.at(-1)?.base ?? sha256);
  return `${layout.join(layout.inverses, chain[0]?.name ?? '')}, or what it is read through (${[...chain.slice(1).map(({ name }) => layout.join(layout.inverses, name)), base].join(', ')})`;
}

/** Whether an intact copy of the executable is here. One that is stored as a patch is not made for this. */
export function hasBinary(session: Session, binary: Binary): boolean {
  if (binarySource(session, binary) !== null) return true;
  const { host, digests, snapshots } = session;
  if (snapshots === null) return false;
  return isSoundChain(
    host.disk,
    snapshots.layout,
    binary.sha256,
    (path) => digests.of(path)?.sha256 ?? undefined,
  );
}

/**
 * Puts an intact copy of the executable at `path`, flushed. Returns false if there is none. Throws DamagedError if what is made of the
 * patches is another file.
 */
export async function placeBinary(session: Session, binary: Binary, path: string): Promise<boolean> {
  const { host, snapshots } = session;
  const source = binarySource(session, binary);
  if (source !== null && (snapshots === null || !source.startsWith(snapshots.layout.binaries))) {
    linkOrCopy(session, source, path);
    return true;
  }
  if (snapshots === null || !hasBinary(session, binary)) return false;
  const { layout } = snapshots;
  // Meanwhile nobody stores it in another way.
  return withStore(host, layout, async () => {
    const whole = binarySource(session, binary);
    if (whole !== null) linkOrCopy(session, whole, path);
    else await makeFromPatches(session, layout, binary, path);
    return true;
  });
}

async function makeFromPatches(
  session: Session,
  layout: StoreLayout,
  { sha256, version, size }: Binary,
  path: string,
): Promise<void> {
  const { disk } = session.host;
  const onWritten = countRead(session, () => size);
  removeIfThere(disk, path);
  const source = await openBinary(disk, layout, sha256);
  try {
    const handle = disk.open(path, 'create', 0o700);
    try {
      let done = 0;
      const found = await copyAndDigest(source, {
        write(bytes) {
          writeAll(disk, handle, bytes, done);
          done += bytes.length;
          onWritten(bytes.length);
        },
        checkpoint: () => checkpoint(session),
      });
      if (found.sha256 !== sha256)
        throw new DamagedError(
          `the stored binary of ${version} is damaged: it gives SHA-256 ${found.sha256}, wanted ${sha256}`,
        );
      disk.flush(handle);
    } finally {
      disk.close(handle);
    }
    disk.setMode(path, 0o755);
  } finally {
    source.close();
  }
}
