/**
 * Describes bytes that are to be signed, for the owner of the key, who trusts nobody else's word for what they are. The
 * description is derived from the bytes alone and leaves nothing out that a client would act on. Bytes with anything in
 * them that is not understood are not described.
 */
import { DamagedError, UsageError } from '../../lib/errors.ts';
import { hex, integer, object } from '../../lib/format/decoder.ts';
import { parseJson } from '../../lib/format/json.ts';
import { decodeStatement, type Payload, STATEMENT_TYPE } from '../../lib/package/statement.ts';
import { BINARY_TYPE } from '../../lib/trust/binary-signature.ts';
import { preAuthEncoding } from '../../lib/trust/envelope.ts';
import type { RoleName } from '../../lib/trust/index.ts';
import { type Binary, targetName } from '../../lib/version/index.ts';
import { version } from '../../lib/version/semver.ts';
import { arch, platform } from '../../lib/version/target.ts';
import { bytes } from '../progress.ts';
import { describeMetadata, describeRoot, type KnownRoot } from './describe-metadata.ts';
import { decodeSignedMetadata } from './signed-metadata.ts';

export interface MessageDescription {
  /** What it is, then its parts. */
  lines: string[];
  /** The role whose keys sign such a message. */
  role: RoleName;
}

/**
 * DamagedError if it is nothing that a repository has signed, or has anything in it that this does not know.
 *
 * @param current what a root is compared with; UsageError if there is none and the message is a root
 */
export function describeMessage(message: Uint8Array, current: KnownRoot | null): MessageDescription {
  const envelope = openMessage(message);
  if (envelope === null) {
    const signed = decodeSignedMetadata(message);
    if (signed._type !== 'root') return { lines: describeMetadata(signed), role: signed._type };
    if (current === null) {
      throw new UsageError('a root is to be signed, and there is no current one to compare it with', {
        advice: 'Name the current root with --root <root.json>.',
      });
    }
    return { lines: describeRoot(signed, current), role: 'root' };
  }
  const { type, payload } = envelope;
  if (type === BINARY_TYPE) return { lines: describeBinary(payload), role: 'targets' };
  if (type === STATEMENT_TYPE) return { lines: describePackage(payload), role: 'targets' };
  throw new DamagedError('wanted a binary or a package, found another type of document');
}

/** DSSE: the payload comes after its type and the lengths of both. Null if it does not look like that. */
function openMessage(message: Uint8Array): { type: string; payload: Uint8Array } | null {
  const head = /^DSSEv1 \d+ (\S+) \d+ /.exec(Buffer.from(message.subarray(0, 200)).toString('latin1'));
  if (head === null) return null;
  const [start, type = ''] = head;
  const payload = message.subarray(start.length);
  if (Buffer.compare(preAuthEncoding(type, payload), message) !== 0) {
    throw new DamagedError('wanted a document with its type and its length, found others');
  }
  return { type, payload };
}

const binary = object({ version, platform, arch, size: integer(1, 2 ** 30), checksum: hex(32) });

function describeBinary(payload: Uint8Array): string[] {
  const found = binary(parseJson(payload, 'binary'), 'binary');
  return [
    `binary of ${found.version} for ${targetName(found)}, ${bytes(found.size)}, SHA-256 ${found.checksum}`,
  ];
}

function describePackage(payload: Uint8Array): string[] {
  const { app, manifest, payloads, ...statement } = decodeStatement(payload);
  const { updates, rollback, evolutions, binaries, updaters = [], confirm, configSchema } = manifest;
  return [
    `package of ${app} ${statement.version} for ${targetName(statement)}`,
    `${updates.type}, risk ${updates.riskLevel}, released ${new Date(manifest.releaseDate).toISOString()}`,
    `makes the binary ${statement.binary.sha256}`,
    ...payloads.map(describePayload),
    ...evolutions.map(
      ({ id, autoApply, riskLevel }) =>
        `installs ${id} ${autoApply ? 'by itself' : 'if the user asks'}${riskLevel === undefined ? '' : `, risk ${riskLevel}`}`,
    ),
    ...binaries.flatMap(describeListed),
    ...updaters.map(
      (each) =>
        `installs the ${targetName(each)} updater ${each.version} with SHA-256 ${each.checksum} from ${each.file.path}`,
    ),
    ...(configSchema === undefined ? [] : [`checks the config by the schema ${configSchema.sha256}`]),
    ...(confirm === undefined
      ? []
      : [`is taken back if it does not confirm its health within ${confirm.seconds} s`]),
    rollback.supported
      ? `data version ${rollback.dataVersion}, back to ${rollback.minVersion} at most`
      : `data version ${rollback.dataVersion}, no way back`,
  ];
}

function describeListed({ checksum, downloadUrl, blocks, frames, ...target }: Binary): string[] {
  return [
    `names the ${targetName(target)} binary ${checksum} at ${downloadUrl}`,
    ...(blocks === undefined ? [] : [`  in blocks with the list ${blocks.sha256}`]),
    ...(frames === undefined ? [] : [`  in frames with the index ${frames.index.sha256}`]),
  ];
}

function describePayload(payload: Payload): string {
  const content = `${bytes(payload.length)}, SHA-256 ${payload.sha256}`;
  if (payload.kind === 'full') return `full binary, ${content}`;
  if (payload.kind === 'patch') return `patch from ${payload.from} (${payload.fromChecksum}), ${content}`;
  return `evolution ${payload.id}, ${content}`;
}
