/** Describes bytes that are to be signed. The description is derived from the bytes alone. */
import { DamagedError } from '../../lib/errors.ts';
import { hex, integer, object } from '../../lib/format/decoder.ts';
import { parseJson } from '../../lib/format/json.ts';
import { decodeStatement, type Payload, STATEMENT_TYPE } from '../../lib/package/statement.ts';
import { BINARY_TYPE } from '../../lib/trust/binary-signature.ts';
import type { RoleName } from '../../lib/trust/index.ts';
import { targetName } from '../../lib/version/index.ts';
import { version } from '../../lib/version/semver.ts';
import { arch, platform } from '../../lib/version/target.ts';
import { bytes } from '../progress.ts';

export interface MessageDescription {
  text: string;
  /** The roles whose keys sign such a message. */
  roles: RoleName[];
}

/** Null if it is nothing that a repository has signed. */
export function describeMessage(message: Uint8Array): MessageDescription | null {
  try {
    return describeEnvelope(message) ?? describeMetadata(message);
  } catch (error) {
    if (error instanceof DamagedError) return null;
    throw error;
  }
}

const binary = object({ version, platform, arch, size: integer(1, 2 ** 30), checksum: hex(32) });

/** DSSE: the payload comes after its type and the lengths of both (lib/trust/envelope.ts). */
function describeEnvelope(message: Uint8Array): MessageDescription | null {
  const head = /^DSSEv1 (\d+) (\S+) (\d+) /.exec(Buffer.from(message.subarray(0, 200)).toString('latin1'));
  if (head === null) return null;
  const [start = '', typeLength, type = '', length] = head;
  const payload = message.subarray(start.length);
  if (Number(typeLength) !== type.length || Number(length) !== payload.length) return null;
  if (type === BINARY_TYPE) {
    const found = binary(parseJson(payload, 'binary'), 'binary');
    const text = `binary of ${found.version} for ${targetName(found)}, ${bytes(found.size)}, SHA-256 ${found.checksum}`;
    return { text, roles: ['targets'] };
  }
  if (type !== STATEMENT_TYPE) return null;
  const { app, manifest, payloads, ...statement } = decodeStatement(payload);
  const what = payloads.map(describePayload);
  return {
    text:
      `package of ${app} ${statement.version} for ${targetName(statement)}: ${what.join(', ')}, to the binary ` +
      `${statement.binary.sha256}; ${manifest.updates.type}, risk ${manifest.updates.riskLevel}, released ` +
      `${new Date(manifest.releaseDate).toISOString()}`,
    roles: ['targets'],
  };
}

function describePayload(payload: Payload): string {
  if (payload.kind === 'full') return 'full binary';
  if (payload.kind === 'patch') return `patch from ${payload.from}`;
  return `evolution ${payload.id}, SHA-256 ${payload.sha256}`;
}

interface Signed {
  _type?: unknown;
  version?: unknown;
  expires?: unknown;
  targets?: Record<string, { hashes?: { sha256?: unknown } }>;
  delegations?: { roles?: { name?: unknown }[] };
  meta?: Record<string, { version?: unknown }>;
  roles?: Record<string, { keyids?: string[]; threshold?: unknown }>;
}

const METADATA: Record<string, (signed: Signed) => string> = {
  root: ({ roles = {} }) =>
    Object.entries(roles)
      .map(([name, { keyids = [], threshold }]) => {
        const ids = keyids.map((id) => id.slice(0, 12)).join(', ');
        return `${name}: ${threshold} of ${ids}`;
      })
      .join('; '),
  targets: ({ targets = {}, delegations }) => {
    const files = Object.entries(targets).map(([name, { hashes }]) => `${name} ${hashes?.sha256}`);
    const names = delegations?.roles?.map(({ name }) => `delegates to ${name}`) ?? [];
    return [...files, ...names].join('; ') || 'nothing in it';
  },
  snapshot: ({ meta = {} }) =>
    Object.entries(meta)
      .map(([name, { version: number }]) => `${name} ${number}`)
      .join('; '),
  timestamp: ({ meta = {} }) => `snapshot ${meta['snapshot.json']?.version}`,
};

/** The canonical JSON of TUF metadata is JSON. */
function describeMetadata(message: Uint8Array): MessageDescription | null {
  const value = parseJson(message, 'metadata', 5_000_000);
  if (typeof value !== 'object' || value === null) return null;
  const signed: Signed = value;
  const role = (['root', 'targets', 'snapshot', 'timestamp'] as const).find((name) => name === signed._type);
  if (role === undefined) return null;
  const text = `${role} version ${signed.version}, good until ${signed.expires}: ${METADATA[role]?.(signed)}`;
  return { text, roles: [role] };
}
