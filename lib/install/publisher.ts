/**
 * `publisher.json` beside the receipt: the trusted root and the feed that were compiled into the updater of this install, for
 * a program without any, such as DGMO with the library. It is believed as the executable is (file-owners.ts): whoever may
 * write it may write what it would protect.
 */
import { DamagedError, errorCode, UpdaterError } from '../errors.ts';
import { decodeSealed, encodeSealed } from '../format/sealed-json.ts';
import type { Settings } from '../home/compiled-in.ts';
import { asUpdaterError } from '../platform/failures.ts';
import { readOwnFile, replaceDurably } from '../platform/files.ts';
import type { Host } from '../platform/host.ts';
import { requireSameWriters } from './file-owners.ts';
import type { Layout } from './layout.ts';
import { isRecord } from './receipt.ts';
import type { Session } from './session.ts';

type Publisher = Pick<Settings, 'root' | 'feed'>;

/** Bytes: a root of the largest size that is accepted, and its frame. */
const LIMIT = 2 << 20;

/** The settings with the recorded root and feed, if no root was compiled in and one is recorded. */
export function withPublisher(host: Host, layout: Layout, settings: Settings): Settings {
  if (settings.root !== null) return settings;
  const recorded = recordedPublisher(host, layout);
  return recorded === null
    ? settings
    : { ...settings, root: recorded.root, feed: settings.feed ?? recorded.feed };
}

/** Null if there is none to believe: then trust begins elsewhere, or the operation says that there is no trusted root. */
function recordedPublisher(host: Host, layout: Layout): Publisher | null {
  try {
    requireSameWriters(host, layout);
    const bytes = readOwnFile(host.disk, layout.publisher, LIMIT);
    return bytes === null ? null : decodePublisher(bytes, layout.publisher);
  } catch (error) {
    if (error instanceof UpdaterError || errorCode(error) !== undefined) return null;
    throw error;
  }
}

/** Throws DamagedError. The root is checked by whoever trusts it. */
function decodePublisher(bytes: Uint8Array, name: string): Publisher {
  const damaged = (what: string) => new DamagedError(`${name} is damaged: ${what}`);
  const value = decodeSealed(bytes, 'publisher', LIMIT, damaged);
  if (!isRecord(value) || value.schema !== 1) throw damaged('wanted schema 1');
  const { root, feed } = value;
  if (!isRecord(root)) throw damaged('root: wanted an object');
  if (feed !== null && typeof feed !== 'string') throw damaged('feed: wanted text or null');
  return { root, feed };
}

/** Records what was compiled into this updater. The caller holds the lock. */
export function recordPublisher(host: Host, layout: Layout, { root, feed }: Settings): void {
  if (root === null) return;
  const bytes = encodeSealed('publisher', { schema: 1, root, feed }, 1);
  const there = readOwnFile(host.disk, layout.publisher, LIMIT);
  if (there !== null && Buffer.compare(there, bytes) === 0) return;
  replaceDurably(host.disk, layout.publisher, layout.workDir, bytes, 0o644);
}

/**
 * The same with each package and each repair, the first installation among them: an install that an updater without a root has
 * adopted learns of the publisher then. That it fails is no reason to stop: DGMO can't look for updates by itself, the updater can.
 */
export function recordPublisherOrWarn({ host, layout, settings, emit }: Session): void {
  try {
    recordPublisher(host, layout, settings);
  } catch (error) {
    const failure = asUpdaterError(error, layout.publisher);
    if (!(failure instanceof UpdaterError)) throw failure;
    emit({ event: 'warning', text: `The publisher could not be recorded for DGMO: ${failure.message}.` });
  }
}
