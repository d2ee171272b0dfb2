/** TUF metadata as this repository writes it (spec 1.0, section 4), made and read with @tufjs/models. */
import { bytesToHex } from '@noble/hashes/utils.js';
import {
  Key,
  Metadata,
  MetadataKind,
  MetaFile,
  Signature,
  Snapshot,
  TargetFile,
  Targets,
  Timestamp,
} from '@tufjs/models';
import { DamagedError, errorMessage } from '../../lib/errors.ts';
import { parseJson } from '../../lib/format/json.ts';
import { type Digest, digestBytes } from '../../lib/platform/files.ts';
import type { Role, SigningKey } from '../../lib/trust/index.ts';

const SPEC_VERSION = '1.0.31';
const MAX_BYTES = 5_000_000;

export interface Stamp {
  version: number;
  /** Milliseconds since the epoch, rounded down to seconds in the document. */
  expires: number;
}

/** A document with the bytes that are published. */
export interface Document<T extends Snapshot | Targets | Timestamp> {
  metadata: Metadata<T>;
  bytes: Uint8Array;
}

export type TargetsDocument = Document<Targets>;

export interface FeedTarget extends Digest {
  /** Fields of its entry besides its length and digest, such as `custom`. */
  more?: TargetFile['unrecognizedFields'];
}

/** `files`: by the path of the TUF target. */
export function makeTargets(
  stamp: Stamp,
  files: Readonly<Record<string, FeedTarget>>,
  delegations: DelegationsJson | undefined,
  keys: SigningKey[],
): TargetsDocument {
  const { version, specVersion, expires } = common(stamp);
  const targets = Object.entries(files).map(([path, { sha256, size, more = {} }]) => [
    path,
    new TargetFile({
      path,
      length: size,
      hashes: { sha256 },
      unrecognizedFields: more,
    }).toJSON(),
  ]);
  const signed = Targets.fromJSON({
    _type: MetadataKind.Targets,
    spec_version: specVersion,
    version,
    expires,
    targets: Object.fromEntries(targets),
    ...(delegations === undefined ? {} : { delegations }),
  });
  return sign(signed, keys);
}

export type DelegationsJson = ReturnType<NonNullable<Targets['delegations']>['toJSON']>;

/** One delegated role for each platform, named for it; it alone signs the indexes of that platform. */
export function delegationsTo(names: readonly string[], { keys, threshold }: Role): DelegationsJson {
  return {
    keys: Object.fromEntries(
      keys.map(({ id, bytes }) => {
        const keyVal = { public: bytesToHex(bytes) };
        return [id, new Key({ keyID: id, keyType: 'ed25519', scheme: 'ed25519', keyVal }).toJSON()];
      }),
    ),
    roles: [...names].sort().map((name) => ({
      name,
      keyids: keys.map(({ id }) => id),
      threshold,
      terminating: true,
      paths: [`channels/*/${name}.json`],
    })),
  };
}

/** `files`: documents by the name of their file (`targets.json`). */
export function makeSnapshot(
  stamp: Stamp,
  files: Readonly<Record<string, TargetsDocument>>,
  keys: SigningKey[],
): Document<Snapshot> {
  const meta = Object.entries(files).map(([name, document]) => [name, describe(document)]);
  return sign(new Snapshot({ ...common(stamp), meta: Object.fromEntries(meta) }), keys);
}

export function makeTimestamp(
  stamp: Stamp,
  snapshot: Document<Snapshot>,
  keys: SigningKey[],
): Document<Timestamp> {
  return sign(new Timestamp({ ...common(stamp), snapshotMeta: describe(snapshot) }), keys);
}

function common({ version, expires }: Stamp) {
  return {
    version,
    specVersion: SPEC_VERSION,
    expires: `${new Date(expires).toISOString().slice(0, 19)}Z`,
  };
}

function describe<T extends Snapshot | Targets>({ metadata, bytes }: Document<T>): MetaFile {
  const { sha256, size } = digestBytes(bytes);
  return new MetaFile({ version: metadata.signed.version, length: size, hashes: { sha256 } });
}

function sign<T extends Snapshot | Targets | Timestamp>(signed: T, keys: SigningKey[]): Document<T> {
  const metadata = new Metadata(signed);
  for (const key of keys) {
    metadata.sign((message) => new Signature({ keyID: key.id, sig: bytesToHex(key.sign(message)) }));
  }
  return { metadata, bytes: new TextEncoder().encode(JSON.stringify(metadata.toJSON())) };
}

export function readTargets(bytes: Uint8Array, file: string): TargetsDocument {
  return { metadata: read(bytes, file, (json) => Metadata.fromJSON(MetadataKind.Targets, json)), bytes };
}

export function readSnapshot(bytes: Uint8Array, file: string): Document<Snapshot> {
  return { metadata: read(bytes, file, (json) => Metadata.fromJSON(MetadataKind.Snapshot, json)), bytes };
}

export function readTimestamp(bytes: Uint8Array, file: string): Document<Timestamp> {
  return { metadata: read(bytes, file, (json) => Metadata.fromJSON(MetadataKind.Timestamp, json)), bytes };
}

type Json = Parameters<typeof Metadata.fromJSON>[1];

function read<T>(bytes: Uint8Array, file: string, decode: (json: Json) => T): T {
  const json = parseJson(bytes, file, MAX_BYTES);
  try {
    return decode(json as Json);
  } catch (cause) {
    throw new DamagedError(`${file}: wanted TUF metadata, found something else (${errorMessage(cause)})`, {
      advice: 'Copy the folder again from where it is published.',
      cause,
    });
  }
}
