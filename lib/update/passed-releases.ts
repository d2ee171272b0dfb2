/**
 * The releases that an update passes over, and their notes: what they changed comes along, and so does what a user has to do
 * before. The notes are in the manifests, so they are read only for somebody who is shown notes.
 */
import { DamagedError, InterruptedError, NetworkError, UpdaterError } from '../errors.ts';
import {
  type ChangeLog,
  type ChannelIndex,
  compareVersions,
  isNewer,
  type ListedRelease,
} from '../version/index.ts';
import { readManifest, readReleases } from './check/channel.ts';
import type { DocumentContext } from './check/documents.ts';

/** Of so many releases, the newest ones, notes are read. */
export const MOST_NOTES = 10;

export interface PassedRelease {
  version: string;
  /** Milliseconds since the epoch. */
  releaseDate: number;
  /** Null: its notes were not read, as nobody asked for them, there are newer ones enough, or the feed does not have them now. */
  changelog: ChangeLog | null;
}

/** The version that is installed, and the one that is offered. */
export interface Step {
  from: string;
  to: string;
}

/** Those of the releases that are newer than the installed one, and older than the offered one. */
export function passedBy(releases: readonly ListedRelease[], { from, to }: Step): ListedRelease[] {
  return releases.filter(({ version }) => isNewer(version, from) && isNewer(to, version));
}

/** All releases down to the installed one, or as many as notes are read of and one more; null if a page can't be had. */
export async function releasesSince(
  documents: DocumentContext,
  index: ChannelIndex,
  step: Step,
): Promise<readonly ListedRelease[] | null> {
  try {
    return await readReleases(documents, index, (releases) => {
      const last = releases.at(-1);
      if (last === undefined || compareVersions(last.version, step.from) <= 0) return true;
      return passedBy(releases, step).length > MOST_NOTES;
    });
  } catch (error) {
    if (error instanceof NetworkError || error instanceof DamagedError) return null;
    throw error;
  }
}

export function withoutNotes(releases: readonly ListedRelease[]): PassedRelease[] {
  return releases.map(({ version, releaseDate }) => ({ version, releaseDate, changelog: null }));
}

/** @param releases newest first */
export function withNotes(
  documents: DocumentContext,
  releases: readonly ListedRelease[],
): Promise<PassedRelease[]> {
  return Promise.all(
    releases.map(async (release, index) => ({
      version: release.version,
      releaseDate: release.releaseDate,
      changelog: index < MOST_NOTES ? await readNotes(documents, release) : null,
    })),
  );
}

/** Null if the feed does not give them: the update needs none of them. */
async function readNotes(documents: DocumentContext, release: ListedRelease): Promise<ChangeLog | null> {
  try {
    return (await readManifest(documents, release)).updates.changes;
  } catch (error) {
    if (!(error instanceof UpdaterError) || error instanceof InterruptedError) throw error;
    return null;
  }
}
