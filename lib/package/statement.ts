/**
 * The statement: what the signatures of a package are over. JSON, decoded strictly. It says which app and target the
 * package is for, which release it brings (the manifest), the digest of the binary after the update, and what each payload
 * is, by digest: patches and full binaries, and the evolutions of the release. Nothing else in a package has any effect.
 */
import {
  array,
  checked,
  type Decoded,
  hex,
  integer,
  object,
  oneOf,
  stringOf,
  tagged,
  unwanted,
} from '../format/decoder.ts';
import { parseJson } from '../format/json.ts';
import { binaryFor, type DGMOVersion, MAX_BINARY_SIZE, type Target, targetName } from '../version/index.ts';
import { evolutionId, MAX_EVOLUTIONS, manifest } from '../version/manifest.ts';
import { version } from '../version/semver.ts';
import { arch, platform } from '../version/target.ts';
import { isAppName } from './app-name.ts';
import { MAX_ARCHIVE } from './evolution-index.ts';

export const STATEMENT_TYPE = 'application/vnd.dgmo.package.v1+json';

/** Patches and full binaries. All combinations of them are tried when a route is planned. */
const MAX_BINARY_PAYLOADS = 16;
const MAX_PAYLOADS = MAX_BINARY_PAYLOADS + MAX_EVOLUTIONS;

/** The fields of a patch or a full binary: the binary that it makes, and its own bytes in the package. */
const common = {
  to: version,
  toChecksum: hex(32),
  toSize: integer(1, MAX_BINARY_SIZE, 'bytes'),
  compression: oneOf('zstd'),
  length: integer(1, MAX_BINARY_SIZE, 'bytes'),
  sha256: hex(32),
};

const payload = tagged('kind', {
  /** A DGMO_PATCH_V1 file (lib/delta), from one exact binary to another. */
  patch: object({ kind: oneOf('patch'), from: version, fromChecksum: hex(32), ...common }),
  /** The whole binary: one zstd frame, or, in schema 2, independent frames with an index (lib/delta/full/framed.ts). */
  full: object({ kind: oneOf('full'), ...common, compression: oneOf('zstd', 'frames') }),
  /** An evolution of the manifest: an archive of its files (evolution-archive.ts). */
  evolution: object({
    kind: oneOf('evolution'),
    id: evolutionId,
    compression: oneOf('zstd'),
    length: integer(1, MAX_ARCHIVE, 'bytes'),
    sha256: hex(32),
  }),
});

const shape = object({
  /** 2 if the package carries independent frames. */
  schema: oneOf(1, 2),
  app: stringOf('a name of a-z, 0-9, dot, dash and underscore, at most 64 long', isAppName),
  platform,
  arch,
  version,
  manifest,
  binary: object({ sha256: hex(32), size: integer(1, MAX_BINARY_SIZE, 'bytes') }),
  payloads: array(payload, 1, MAX_PAYLOADS),
});

/** Lengths and sizes in bytes, digests SHA-256 in hex. */
export type Payload = Decoded<typeof payload>;
export type EvolutionPayload = Extract<Payload, { kind: 'evolution' }>;
/** A payload that makes a binary. */
export type BinaryPayload = Exclude<Payload, EvolutionPayload>;

export interface Statement extends Target {
  schema: 1 | 2;
  app: string;
  /** The version that the package brings. */
  version: string;
  manifest: DGMOVersion;
  /** The binary after the update. */
  binary: { sha256: string; size: number };
  payloads: Payload[];
}

const statement = checked<Statement>(shape, (found, path) => {
  checkManifest(found, path);
  for (const [index, entry] of found.payloads.entries()) {
    if (entry.kind === 'evolution') continue;
    checkPayload(entry, found, `${path}.payloads[${index}]`);
  }
  const binaries = found.payloads.filter((entry) => entry.kind !== 'evolution');
  if (!binaries.some(({ toChecksum }) => toChecksum === found.binary.sha256)) {
    throw unwanted(`${path}.payloads`, `one that makes the binary ${found.binary.sha256}`, found.payloads);
  }
  if (binaries.length > MAX_BINARY_PAYLOADS) {
    throw unwanted(
      `${path}.payloads`,
      `at most ${MAX_BINARY_PAYLOADS} patches and full binaries`,
      binaries.length,
    );
  }
  checkEvolutions(found, path);
  checkFrames(found, path);
});

/** Whoever knows where the package ends finds its frames, without having read the statement. So they come last. */
function checkFrames(found: Statement, path: string): void {
  const { schema, payloads } = found;
  const at = payloads.findIndex(({ compression }) => compression === 'frames');
  const wanted = schemaOf(payloads);
  if (schema !== wanted) throw unwanted(`${path}.schema`, `${wanted} with these payloads`, schema);
  if (at === -1) return;
  if (at !== payloads.length - 1) {
    throw unwanted(`${path}.payloads[${at}]`, 'a binary in frames as the last payload', `${payloads.length}`);
  }
  const frames = binaryFor(found.manifest, found)?.frames;
  const length = payloads[at]?.length;
  if (frames !== undefined && frames.length !== length) {
    throw unwanted(`${path}.payloads[${at}].length`, `${frames.length} as in the manifest`, length);
  }
}

/** The schema of a statement with these payloads. */
export function schemaOf(payloads: readonly Pick<Payload, 'compression'>[]): Statement['schema'] {
  return payloads.some(({ compression }) => compression === 'frames') ? 2 : 1;
}

function checkEvolutions({ payloads, manifest }: Statement, path: string): void {
  const left = new Set(manifest.evolutions.map(({ id }) => id));
  for (const [index, entry] of payloads.entries()) {
    if (entry.kind !== 'evolution' || left.delete(entry.id)) continue;
    throw unwanted(`${path}.payloads[${index}].id`, 'an evolution of the manifest, each once', entry.id);
  }
}

function checkManifest(found: Statement, path: string): void {
  if (found.manifest.version !== found.version) {
    throw unwanted(`${path}.manifest.version`, found.version, found.manifest.version);
  }
  const entry = binaryFor(found.manifest, found);
  if (entry === undefined) {
    throw unwanted(`${path}.manifest.binaries`, `one for ${targetName(found)}`, found.manifest.binaries);
  }
  if (entry.checksum !== found.binary.sha256) {
    throw unwanted(`${path}.binary.sha256`, `${entry.checksum} as in the manifest`, found.binary.sha256);
  }
  if (entry.size !== found.binary.size) {
    throw unwanted(`${path}.binary.size`, `${entry.size} as in the manifest`, found.binary.size);
  }
}

/** A payload to the version of the release makes its binary, and a full binary is always of that version. */
function checkPayload(entry: BinaryPayload, { version, binary }: Statement, path: string): void {
  if (entry.kind === 'full' && entry.to !== version) throw unwanted(`${path}.to`, version, entry.to);
  if (entry.kind === 'patch' && entry.fromChecksum === entry.toChecksum) {
    throw unwanted(`${path}.toChecksum`, 'another binary than the patch starts from', entry.toChecksum);
  }
  if ((entry.to === version) !== (entry.toChecksum === binary.sha256)) {
    throw unwanted(
      `${path}.toChecksum`,
      `${binary.sha256} if it makes version ${version}, and only then`,
      entry.toChecksum,
    );
  }
  if (entry.to === version && entry.toSize !== binary.size) {
    throw unwanted(`${path}.toSize`, `${binary.size}`, entry.toSize);
  }
}

/** Throws DamagedError, which names the first wrong field. */
export function decodeStatement(bytes: Uint8Array): Statement {
  return statement(parseJson(bytes, 'package'), 'package');
}

/** The bytes to sign. Throws DamagedError if they would not decode again. */
export function encodeStatement(value: Statement): Uint8Array {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  decodeStatement(bytes);
  return bytes;
}
