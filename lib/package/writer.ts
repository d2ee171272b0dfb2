/** Writing a package: digest the payloads, sign the statement, then header, envelope and payloads in one pass. */
import { UsageError } from '../errors.ts';
import { chunksOf, type Digest, RunningDigest, type Source, sliceSource } from '../platform/files.ts';
import { type SigningKey, signEnvelope } from '../trust/index.ts';
import { binaryFor, type DGMOVersion, type Target, targetName } from '../version/index.ts';
import { type CarriedFile, flagsOf } from './companions.ts';
import { encodeHeader, readEnvelope } from './layout.ts';
import { encodeStatement, type Payload, STATEMENT_TYPE, schemaOf } from './statement.ts';

type WithContent<P> = P extends Payload ? Omit<P, 'length' | 'sha256'> & { content: Source } : never;
/** A payload without the length and digest of its bytes. */
export type PayloadDraft = WithContent<Payload>;

export interface PackageDraft extends Target {
  app: string;
  manifest: DGMOVersion;
  payloads: PayloadDraft[];
}

/**
 * Passes the package to `write`, piece by piece from its first byte (a piece is valid until `write` returns), and
 * returns its digest. Throws DamagedError if the package would not decode again, UsageError if the manifest has no binary
 * for the target.
 */
export function writePackage(
  draft: PackageDraft,
  keys: SigningKey[],
  write: (bytes: Uint8Array) => void,
): Digest {
  const { app, platform, arch, manifest } = draft;
  const binary = binaryFor(manifest, draft);
  if (binary === undefined) {
    throw new UsageError(`the manifest of ${manifest.version} has no binary for ${targetName(draft)}`);
  }
  // A binary in frames is the last payload.
  const inFrames = (payload: PayloadDraft) => Number(payload.compression === 'frames');
  const payloads = draft.payloads.toSorted((a, b) => inFrames(a) - inFrames(b));
  const statement = encodeStatement({
    schema: schemaOf(payloads),
    app,
    platform,
    arch,
    version: manifest.version,
    manifest,
    binary: { sha256: binary.checksum, size: binary.size },
    payloads: payloads.map(withDigest),
  });
  const envelope = signEnvelope(STATEMENT_TYPE, statement, keys);
  const digest = new RunningDigest();
  const emit = (bytes: Uint8Array) => {
    digest.update(bytes);
    write(bytes);
  };
  emit(encodeHeader(envelope));
  emit(envelope);
  for (const { content } of payloads) for (const bytes of chunksOf(content)) emit(bytes);
  return digest.digest();
}

/**
 * The same package with files that its manifest names, piece by piece. Each piece is valid until the next one is asked for.
 *
 * @param source a package that carries none
 * @param companions at least one of what `companionsOf` names
 * @throws DamagedError if the package or its header is damaged
 */
export function* withCompanions(source: Source, companions: readonly CarriedFile[]): Generator<Uint8Array> {
  const { envelope, end } = readEnvelope(source);
  yield encodeHeader(envelope, flagsOf(companions));
  yield envelope;
  yield* chunksOf(sliceSource(source, end, source.size - end));
  for (const { content } of companions) yield* chunksOf(content);
}

function withDigest({ content, ...rest }: PayloadDraft): Payload {
  const digest = new RunningDigest();
  for (const bytes of chunksOf(content)) digest.update(bytes);
  return { ...rest, length: content.size, sha256: digest.digest().sha256 };
}
