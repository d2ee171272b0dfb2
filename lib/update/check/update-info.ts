/** What a check finds: the plan's `UpdateInfo`, and what it stands on. */
import type {
  ChangeLog,
  DGMOVersion,
  Evolution,
  ListedRelease,
  RiskLevel,
  UpdateType,
} from '../../version/index.ts';
import type { DownloadRoute } from '../download/route.ts';
import type { Selection } from './selection.ts';

/** A release that is offered. Everything in it is signed, but `downloadSize` and `routes`, which are reckoned. */
export interface UpdateInfo {
  currentVersion: string;
  version: string;
  /** Milliseconds since the epoch. */
  releaseDate: number;
  type: UpdateType;
  isSecurity: boolean;
  riskLevel: RiskLevel;
  changelog: ChangeLog;
  evolutions: Evolution[];
  /** Bytes that are still to be fetched by the cheapest route. */
  downloadSize: number;
  /** Bytes of the executable. */
  binarySize: number;
  /** The installed version is below the channel's minimum, or was revoked. */
  mandatory: boolean;
  /** `back`: to an older version. Only a person goes it. */
  direction: 'forward' | 'back';
  /** The cheapest first. */
  routes: DownloadRoute[];
  release: ListedRelease;
  manifest: DGMOVersion;
}

export interface CheckResult {
  installed: string;
  channel: string;
  feed: string;
  /** The newest release of the channel that was not revoked, whether it is offered here or not; null: it has none. */
  newest: string | null;
  /** Null: nothing is offered. */
  update: UpdateInfo | null;
  mandatory: boolean;
  /** Why the installed version was revoked; null where it was not. */
  revoked: string | null;
  held: Selection['held'];
}

/** What was downloaded: the plan's `UpdatePackage`. */
export interface UpdatePackage {
  version: string;
  route: DownloadRoute['kind'];
  /** Paths of the packages, in the order in which they are applied; the last one is the release's. */
  files: string[];
  update: UpdateInfo;
}
