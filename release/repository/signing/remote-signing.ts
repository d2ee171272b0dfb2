/**
 * Signing with keys that are on another machine. The exact bytes that a missing key has to sign are collected in a
 * request; the signatures come back as a file, and the same command, run again, uses them and continues. It makes the
 * same bytes each time, because the session remembers when it began and stops the clock of its commands at that time.
 *
 * Until a signature is known, a placeholder takes its place: 64 bytes derived from key and message, which occur nowhere
 * else. A message may contain placeholders of earlier messages in the request (a package contains the signatures of its
 * binaries). The other machine replaces them by the signatures, so that everything is signed in one round.
 */
import path from 'node:path';
import { hexToBytes } from '@noble/hashes/utils.js';
import { TrustError, UpdaterError } from '../../../lib/errors.ts';
import { array, type Decoded, hex, object, time } from '../../../lib/format/decoder.ts';
import { createDirectories, digestBytes, removeIfThere } from '../../../lib/platform/files.ts';
import type { Host } from '../../../lib/platform/host.ts';
import { type PublicKey, type RoleName, type SigningKey, verifySignature } from '../../../lib/trust/index.ts';
import { enough, type Roles, type Signers } from '../../keys/signers.ts';
import type { RepositoryLayout } from '../layout.ts';
import { readNote, writeNote } from '../work-note.ts';
import { encodeRequest, placeholderOf, type SignatureEntry, type WantedSignature } from './sign-request.ts';

const MAX_SESSION = 64 << 20;

const session = object({
  work: hex(32),
  began: time,
  signatures: array(object({ keyid: hex(32), message: hex(32), signature: hex(64) }), 0, 100_000),
});

type Session = Decoded<typeof session>;

/** Signatures from another machine are needed first; nothing was published. */
export class SignaturesWanted extends UpdaterError {
  override readonly name = 'SignaturesWanted';
  readonly exitCode = 14;
  readonly request: Uint8Array;
  constructor(message: string, request: Uint8Array, advice: string) {
    super(message, { advice });
    this.request = request;
  }
}

export interface RemoteSessionOptions {
  /** Identifies the command with all its arguments. */
  work: string;
  /** For the person who signs. */
  title: string;
  signatures: readonly SignatureEntry[];
  /** Prefixes of the ids of keys that are not asked. */
  without: readonly string[];
}

export class RemoteSession {
  readonly #host: Host;
  readonly #layout: RepositoryLayout;
  readonly #session: Session;
  readonly #title: string;
  readonly #without: readonly string[];
  readonly #known: Map<string, Uint8Array>;
  readonly #wanted = new Map<string, WantedSignature>();

  constructor(host: Host, layout: RepositoryLayout, options: RemoteSessionOptions) {
    this.#host = host;
    this.#layout = layout;
    this.#title = options.title;
    this.#without = options.without;
    const work = digestBytes(new TextEncoder().encode(options.work)).sha256;
    const before = readNote(host.disk, layout.session, session, { limit: MAX_SESSION });
    const kept = before?.work === work ? before : { work, began: host.clock.now(), signatures: [] };
    const all = new Map([...kept.signatures, ...options.signatures].map((entry) => [nameOf(entry), entry]));
    this.#session = { ...kept, signatures: [...all.values()] };
    this.#known = new Map([...all].map(([name, { signature }]) => [name, hexToBytes(signature)]));
    createDirectories(host.disk, layout.work, path.dirname);
    writeNote(host.disk, layout.session, this.#session);
  }

  /** The machine, with its clock stopped at the time when the session began. */
  get host(): Host {
    const { began } = this.#session;
    return { ...this.#host, clock: { ...this.#host.clock, now: () => began } };
  }

  /**
   * The keys of this machine, supplemented up to the threshold by remote ones. Keys that are being replaced (`leaving`,
   * prefixes of their ids) are not asked.
   */
  signers(here: Signers, leaving: readonly string[] = []): Signers {
    const mayBeAsked = (id: string) =>
      ![...this.#without, ...leaving].some((beginning) => id.startsWith(beginning));
    const keys = (role: RoleName, root: Roles): SigningKey[] => {
      const present = here.present(role, root);
      const missing = root.roles[role].threshold - present.length;
      const askable = root.roles[role].keys.filter(
        ({ id }) => present.every((key) => key.id !== id) && mayBeAsked(id),
      );
      const asked = askable.slice(0, Math.max(missing, 0)).map((key) => this.#remote(key, role));
      return enough([...present, ...asked], role, root, 'here and elsewhere');
    };
    return {
      keys,
      present: (role, root) => {
        const askable = root.roles[role].keys.filter(({ id }) => mayBeAsked(id) || here.find(id) !== null);
        return askable.length >= root.roles[role].threshold ? keys(role, root) : here.present(role, root);
      },
      find: here.find,
      remote: { requireAll: () => this.#requireAll() },
    };
  }

  /** Ends the session: running the command again is new work. */
  end(): void {
    removeIfThere(this.#host.disk, this.#layout.session);
  }

  #remote(key: PublicKey, role: RoleName): SigningKey {
    return {
      ...key,
      get seed(): Uint8Array {
        throw new Error('the private key is on another machine');
      },
      sign: (message) => {
        const entry = { keyid: key.id, message: digestBytes(message).sha256 };
        const known = this.#known.get(nameOf(entry));
        if (known !== undefined) {
          if (verifySignature(key, message, known)) return known;
          throw new TrustError(`the signature by the ${role} key ${key.id.slice(0, 12)} is wrong`, {
            advice: 'Sign the request again.',
          });
        }
        this.#wanted.set(nameOf(entry), { role, keyid: key.id, message: new Uint8Array(message) });
        return placeholderOf(key.id, message);
      },
    };
  }

  #requireAll(): void {
    const wanted = [...this.#wanted.values()];
    if (wanted.length === 0) return;
    const keys = [...new Set(wanted.map(({ role, keyid }) => `${role} ${keyid.slice(0, 12)}`))];
    throw new SignaturesWanted(
      `${wanted.length} signatures are wanted first, by ${keys.join(', ')}; nothing was published`,
      encodeRequest(this.#title, wanted),
      'Sign the request with `release keys sign`, then run this again with --signatures.',
    );
  }
}

function nameOf({ keyid, message }: { keyid: string; message: string }): string {
  return `${keyid} ${message}`;
}
