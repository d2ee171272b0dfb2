/**
 * Reading a package, in an order that never acts on anything unsigned: header, digest of the envelope, signatures, and only
 * then what is signed. `verifyPayloads` comes next, before anything on the disk is changed.
 */
import { DamagedError } from '../errors.ts';
import { copyAndDigest, type Source, sliceSource } from '../platform/files.ts';
import { decodeEnvelope, openEnvelope, type TrustedRoot, verifyBinarySignature } from '../trust/index.ts';
import { binaryFor } from '../version/index.ts';
import { type CarriedFile, namedBy } from './companions.ts';
import type { EvolutionArchive } from './evolution-archive.ts';
import { type CarriedEvolution, carriedEvolutions, openEvolution, openEvolutions } from './evolutions.ts';
import { DOWNLOAD_AGAIN, type EnvelopeFound, readEnvelope } from './layout.ts';
import { decodeStatement, type Payload, STATEMENT_TYPE, type Statement } from './statement.ts';

export interface PackageContents extends Readonly<Statement> {
  /** Ids of the trusted keys that signed it; empty if signatures were not checked. */
  readonly signedBy: readonly string[];
  /** Bytes of the whole package. */
  readonly size: number;
  /** The bytes of `payloads[index]` in the package. Throws RangeError for another index. */
  payload(index: number): Source;
  /** Files that it carries besides, as the manifest names them: vouched for once `verifyPayloads` has read them. */
  readonly companions: readonly CarriedFile[];
  /** The evolutions of the manifest that the package carries, in the order of the manifest. */
  evolutions(): CarriedEvolution[];
  /**
   * The files of one evolution; its digest is checked first. Throws DamagedError if it is not as signed, RangeError if the
   * package carries none with that id.
   */
  evolution(id: string): Promise<EvolutionArchive>;
  /** The same for several at once; DamagedError if they are too large together. */
  openEvolutions(ids: readonly string[]): Promise<EvolutionArchive[]>;
}

/**
 * The contents of a trusted package. Throws TrustError if too few of the root's `targets` keys signed it, DamagedError if
 * it is cut off, changed or too long. Payloads are not read yet. The caller closes `source`.
 */
export function readPackage(source: Source, root: TrustedRoot): PackageContents {
  const found = readEnvelope(source);
  const { payload, signedBy } = openEnvelope(found.envelope, STATEMENT_TYPE, root);
  const statement = decodeStatement(payload);
  const binary = binaryFor(statement.manifest, statement);
  if (binary !== undefined) verifyBinarySignature(binary, statement.version, root);
  return contents(source, found, statement, signedBy);
}

/** The contents of a package, checked for damage but not for trust: to be shown or compared, never to be installed. */
export function peekPackage(source: Source): PackageContents & { claimedSigners: string[] } {
  const found = readEnvelope(source);
  const envelope = decodeEnvelope(found.envelope);
  if (envelope.payloadType !== STATEMENT_TYPE) {
    throw new DamagedError(
      `package: wanted a document of type ${STATEMENT_TYPE}, found ${envelope.payloadType}`,
    );
  }
  const claimedSigners = envelope.signatures.map(({ keyId }) => keyId);
  return {
    ...contents(source, found, decodeStatement(envelope.payload), []),
    claimedSigners,
  };
}

function contents(
  source: Source,
  { end, flags }: EnvelopeFound,
  statement: Statement,
  signedBy: string[],
): PackageContents {
  const offsets: number[] = [];
  let size = end;
  for (const { length } of statement.payloads) {
    offsets.push(size);
    size += length;
  }
  const companions = namedBy(flags, statement.manifest, statement).map((file) => {
    const offset = size;
    size += file.length;
    return { file, offset };
  });
  if (source.size !== size) {
    throw new DamagedError(`package: wanted ${size} bytes in all, found ${source.size}`, {
      advice: DOWNLOAD_AGAIN,
    });
  }
  const payload = (index: number): Source => {
    const offset = offsets[index];
    const length = statement.payloads[index]?.length;
    if (offset === undefined || length === undefined) throw new RangeError(`there is no payload ${index}`);
    return sliceSource(source, offset, length);
  };
  return {
    ...statement,
    signedBy,
    size,
    payload,
    companions: companions.map(({ file, offset }) => ({
      ...file,
      content: sliceSource(source, offset, file.length),
    })),
    evolutions: () => carriedEvolutions(statement),
    evolution: (id) => openEvolution(statement, payload, id),
    openEvolutions: (ids) => openEvolutions(statement, payload, ids),
  };
}

/** Called between pieces of work with the number of bytes done; may pause, or stop the work by throwing. */
export type Checkpoint = (done: number) => void | Promise<void>;

/** Reads every payload and companion once and compares its digest. Throws DamagedError, which names the first that is not as signed. */
export async function verifyPayloads(found: PackageContents, checkpoint?: Checkpoint): Promise<void> {
  let before = 0;
  for (const [index, entry] of found.payloads.entries()) {
    const { sha256, size } = await copyAndDigest(found.payload(index), {
      checkpoint: (done) => checkpoint?.(before + done),
    });
    before += size;
    if (sha256 !== entry.sha256) {
      throw new DamagedError(
        `package: wanted ${describe(entry)} with SHA-256 ${entry.sha256}, found ${sha256}`,
        { advice: DOWNLOAD_AGAIN },
      );
    }
  }
  for (const { name, content, sha256: wanted } of found.companions) {
    const { sha256, size } = await copyAndDigest(content, {
      checkpoint: (done) => checkpoint?.(before + done),
    });
    before += size;
    if (sha256 !== wanted) {
      throw new DamagedError(
        `package: wanted the ${name} that the manifest names, with SHA-256 ${wanted}, found ${sha256}`,
        { advice: DOWNLOAD_AGAIN },
      );
    }
  }
}

function describe(entry: Payload): string {
  if (entry.kind === 'evolution') return `the evolution ${entry.id}`;
  return entry.kind === 'patch' ? `the patch from ${entry.from} to ${entry.to}` : `the binary of ${entry.to}`;
}
