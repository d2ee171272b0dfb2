/** How much a feed may ask of a client: everything that is read from a stranger is bounded before it is read. */

export type FeedRole = 'root' | 'timestamp' | 'snapshot' | 'targets';

/** Bytes of one metadata file, also where signed metadata gives a greater length or none (spec 5.3.3, 5.4.1, 5.5.1, 5.6.1). */
export const MAX_BYTES: Readonly<Record<FeedRole, number>> = {
  root: 512_000,
  timestamp: 16_384,
  snapshot: 2_000_000,
  targets: 5_000_000,
};

/**
 * Entries of one list in a metadata file: files of a snapshot, targets, keys, roles, signatures. The libraries that read
 * them copy the whole list for each entry, before any signature is looked at, so that a megabyte would take minutes.
 */
export const MAX_ENTRIES = 1024;

/** New roots in one refresh (spec 5.3.3, X). What was walked is kept, so that the next refresh goes on from there. */
export const MAX_ROOT_ROTATIONS = 256;

/** Delegated roles that are looked into for one target (spec 5.6.7). */
export const MAX_DELEGATIONS = 32;
