/** What a check finds: the plan's `UpdateInfo`, and what a download needs besides. */
import type { Owner } from '../../install/ownership/evidence.ts';
import type {
  ChangeLog,
  DGMOVersion,
  Evolution,
  ListedRelease,
  RiskLevel,
  UpdateType,
} from '../../version/index.ts';
import type { DownloadRoute } from '../download/route.ts';
import type { PassedRelease } from '../passed-releases.ts';
import type { Held, Hold } from './selection.ts';
import type { WayBack } from './way-back.ts';

/** An evolution of a release that is offered. */
export interface OfferedEvolution extends Evolution {
  /** The release that the installed one came with; null: it is not installed. */
  installed: string | null;
}

/**
 * A release that is offered. Everything in it is signed, except `downloadSize` and `routes`, which are computed, and what is said
 * of this installation.
 */
export interface UpdateInfo {
  currentVersion: string;
  version: string;
  /** Milliseconds since the epoch. */
  releaseDate: number;
  /** `security` if this release is; else the highest of this one and of those that are passed on the way. */
  type: UpdateType;
  /** Whether one of them closes a hole. */
  isSecurity: boolean;
  /** The highest of them all. */
  riskLevel: RiskLevel;
  changelog: ChangeLog;
  /**
   * The releases that are passed over, newest first, without those that were revoked; with `notes` of `check` down to the installed
   * one, with what they changed.
   */
  passed: PassedRelease[];
  evolutions: OfferedEvolution[];
  /** Bytes to download by the cheapest route, and of the updater that comes along. */
  downloadSize: number;
  /** How many of them are of the updater; 0 if none comes along that this installation has not. */
  updaterSize: number;
  /** Bytes of the executable. */
  binarySize: number;
  /** Whether the installed version is below the channel's minimum, or was revoked. */
  mandatory: boolean;
  /** `back`: to an older version, which only the user may decide. */
  direction: 'forward' | 'back';
  /** What would hold it back, if the user had not asked for it or it were not required; null: nothing. */
  despite: Hold | null;
  /** The package manager that owns the executable, and has to bring it; null: none does, and `applyUpdate` may. */
  managedBy: Owner | null;
  /** The cheapest first. */
  routes: DownloadRoute[];
  release: ListedRelease;
  manifest: DGMOVersion;
}

export interface CheckResult {
  installed: string;
  channel: string;
  feed: string;
  /** The newest release of the channel that was not revoked, whether it is offered here or not; null: there is none. */
  newest: string | null;
  /** Null: nothing is offered. */
  update: UpdateInfo | null;
  mandatory: boolean;
  /** Why the installed version was revoked; null if it was not. */
  revoked: string | null;
  /** If it was revoked: the state on this machine to go back to; null if there is none. */
  wayBack: WayBack | null;
  /** The package manager that owns the executable. Looked for only if a release is offered, held back or revoked. */
  managedBy: Owner | null;
  held: Held[];
}

/** The downloaded packages: the plan's `UpdatePackage`. */
export interface UpdatePackage {
  version: string;
  route: DownloadRoute['kind'];
  /** Paths of the packages, in the order in which they are applied; the last one is the release's. */
  files: string[];
  update: UpdateInfo;
}
