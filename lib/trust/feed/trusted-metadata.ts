/**
 * The metadata that one refresh has verified so far. tuf-js (`TrustedMetadataStore`) verifies signatures, thresholds,
 * versions and rollback of root, timestamp and snapshot; what it leaves open is checked here before or after it. Targets
 * roles are verified here, too, since their delegations must keep their order.
 */
import {
  Metadata,
  MetadataKind,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from '@tufjs/models';
import { EqualVersionError, ExpiredMetadataError } from 'tuf-js/dist/error.js';
import { TrustedMetadataStore } from 'tuf-js/dist/store.js';
import { errorMessage, TrustError, UpdaterError } from '../../errors.ts';
import { type LocalOffset, localTimeWithOffset } from '../../format/local-time.ts';
import { printable } from '../../format/printable.ts';
import { missingSignatures } from '../missing-signatures.ts';
import { keepOrder } from './delegations.ts';
import { type Document, record } from './document.ts';
import type { KeyPolicy } from './key-policy.ts';

/** What it takes to judge metadata, and to say what is wrong with it. */
export interface TrustContext {
  readonly policy: KeyPolicy;
  readonly localOffset: LocalOffset;
}

export class TrustedMetadata {
  readonly #store: TrustedMetadataStore;
  readonly #now: number;
  readonly #policy: KeyPolicy;
  readonly #localOffset: LocalOffset;
  readonly #targets = new Map<string, Metadata<Targets>>();

  /** Spec 5.1 and 5.2: `now` is the time of the whole refresh; `root` is already trusted, even if it has expired. */
  constructor(root: Document, now: number, { policy, localOffset }: TrustContext) {
    this.#now = now;
    this.#policy = policy;
    this.#localOffset = localOffset;
    this.#store = asTrustError(root, () => {
      policy.root(root.json);
      return new TrustedMetadataStore(root.bytes);
    });
    setReferenceTime(this.#store, now);
  }

  get root(): Metadata<Root> {
    return this.#store.root;
  }

  get timestamp(): Metadata<Timestamp> | undefined {
    return this.#store.timestamp;
  }

  get snapshot(): Metadata<Snapshot> | undefined {
    return this.#store.snapshot;
  }

  targets(role: string): Metadata<Targets> | undefined {
    return this.#targets.get(role);
  }

  /** Whether a role that an answer may depend on, delegated ones included, has expired at `now`, after the refresh. */
  isExpired(now: number): boolean {
    const roles = [
      this.root,
      this.timestamp,
      this.snapshot,
      this.targets('targets'),
      ...this.#targets.values(),
    ];
    return roles.some((role) => role === undefined || now >= Date.parse(role.signed.expires));
  }

  /** Spec 5.3.4 to 5.3.7: signed by the root before it and by itself, and the next version. */
  addRoot(document: Document): void {
    asTrustError(document, () => {
      this.#policy.root(document.json);
      this.#store.updateRoot(document.bytes);
    });
  }

  /** Spec 5.3.10, after the last root. */
  checkRootExpiry(): void {
    this.#checkExpiry('root.json', this.root.signed.expires);
  }

  /** Spec 5.4.2 to 5.4.4. Returns false if that version is already trusted, and so is not used. */
  addTimestamp(document: Document): boolean {
    return asTrustError(document, () => {
      try {
        this.#store.updateTimestamp(document.bytes);
        return true;
      } catch (error) {
        if (error instanceof EqualVersionError) return false;
        this.#explainExpiry(document, error);
        throw error;
      }
    });
  }

  /** Spec 5.4.4 for the timestamp that is used if there is no newer one. */
  checkTimestampExpiry(): void {
    const { timestamp } = this;
    if (timestamp !== undefined) this.#checkExpiry('timestamp.json', timestamp.signed.expires);
  }

  /** Spec 5.5.2 to 5.5.6. `kept`: an earlier refresh has verified it, so the timestamp's hashes are not those of it. */
  addSnapshot(document: Document, kept: boolean): void {
    asTrustError(document, () => {
      try {
        this.#store.updateSnapshot(document.bytes, kept);
      } catch (error) {
        this.#explainExpiry(document, error);
        throw error;
      }
    });
  }

  /** Spec 5.6.2 to 5.6.5, for the top-level targets role and for those that it delegates to. */
  addTargets(document: Document, role: string, delegator: string): Metadata<Targets> {
    return asTrustError(document, () => {
      const meta = this.metaOf(role);
      meta.verify(document.bytes);
      const targets = readTargets(document);
      this.verifyDelegation(targets, role, delegator);
      if (document.version !== meta.version) {
        throw new Error(`wanted version ${meta.version}, as the snapshot says, found ${document.version}`);
      }
      this.#checkExpiry(document.file, document.expires);
      const { delegations } = targets.signed;
      if (delegations !== undefined) this.#policy.keys(delegations.keys, document.file);
      this.#targets.set(role, targets);
      return targets;
    });
  }

  /** At use, since `addTargets` checks by the clock at the start of the refresh. */
  checkTargetsExpiry(role: string, now: number): void {
    const targets = this.#targets.get(role);
    if (targets !== undefined) this.#checkExpiry(`${printable(role)}.json`, targets.signed.expires, now);
  }

  /** The snapshot's entry for a targets role. Throws TrustError if there is none (spec 5.6.1). */
  metaOf(role: string): Snapshot['meta'][string] {
    const meta = this.snapshot?.signed.meta ?? {};
    const name = `${role}.json`;
    const found = Object.hasOwn(meta, name) ? meta[name] : undefined;
    if (found === undefined) {
      throw new TrustError(`not trusted: wanted ${printable(name)} in the snapshot, found none`);
    }
    return found;
  }

  /** Spec 5.6.3, also for a role that was reached through another delegator before: each must delegate to it. */
  verifyDelegation(targets: Metadata<Targets>, role: string, delegator: string): void {
    const by = delegator === 'root' ? this.root : this.#targets.get(delegator);
    if (by === undefined) throw new TrustError(`not trusted: ${printable(delegator)} is not verified itself`);
    try {
      by.verifyDelegate(role, targets);
    } catch (cause) {
      throw untrusted(`${printable(role)}.json`, cause);
    }
  }

  #explainExpiry(document: Document, error: unknown): void {
    if (error instanceof ExpiredMetadataError) this.#checkExpiry(document.file, document.expires);
  }

  /**
   * Freeze attacks (spec 5.3.10, 5.4.4, 5.5.6, 5.6.5): metadata counts until it expires, by the clock at the start of the
   * refresh. `now`: milliseconds since the epoch.
   */
  #checkExpiry(file: string, expires: string, now = this.#now): void {
    const end = Date.parse(expires);
    if (now < end) return;
    const timeHere = (time: number) => clockTime(time, this.#localOffset);
    throw new TrustError(
      `not trusted: ${file} expired at ${timeHere(end)}, and the clock of this machine says ${timeHere(now)}`,
      { advice: 'Set the clock if it is wrong; otherwise wait until the publisher has renewed the feed.' },
    );
  }
}

/** The constructor of tuf-js reads the clock and has no parameter for the time. */
function setReferenceTime(store: TrustedMetadataStore, now: number): void {
  const opened = store as unknown as { referenceTime?: unknown };
  if (!(opened.referenceTime instanceof Date)) throw new Error('tuf-js has no reference time any more');
  opened.referenceTime = new Date(now);
}

/** Anything that is wrong with signed metadata is a TrustError. */
function asTrustError<Result>({ file }: Document, check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    if (error instanceof TrustError) throw error;
    throw untrusted(file, error);
  }
}

/** @param cause what a library or a check says of the file */
function untrusted(file: string, cause: unknown): TrustError {
  const missing = missingSignatures(cause);
  // The messages of the libraries quote text that nobody has signed.
  const message =
    cause instanceof UpdaterError ? cause.message : `${file}: ${missing ?? printable(errorMessage(cause))}`;
  const advice = missing === null ? 'Try again later; if it' : `${OTHER_FEED} If it`;
  return new TrustError(`not trusted: ${message}`, {
    advice: `Nothing was installed. ${advice} happens again, tell the publisher.`,
    cause,
  });
}

const OTHER_FEED =
  'The feed is that of another publisher, or its files were changed: check its address, and try again later.';

function readTargets(document: Document): Metadata<Targets> {
  const targets = Metadata.fromJSON(
    MetadataKind.Targets,
    document.json as Parameters<typeof Metadata.fromJSON>[1],
  );
  const { delegations } = targets.signed;
  if (delegations !== undefined) {
    const { roles } = record(document.signed.delegations, `${document.file}: signed.delegations`);
    const names = Array.isArray(roles) ? roles.map((role: { name: string }) => role.name) : [];
    keepOrder(delegations, names);
  }
  return targets;
}

/** A broken clock may show what is no date. */
function clockTime(time: number, localOffset: LocalOffset): string {
  return Number.isNaN(new Date(time).getTime()) ? String(time) : localTimeWithOffset(time, localOffset);
}
