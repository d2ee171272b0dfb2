/** What a release is and how releases are ordered. */
export { type Binary, binaryFor, MAX_BINARY_SIZE, type UpdaterBinary, updaterFor } from './binary.ts';
export {
  CHANNEL_NAME,
  type ChannelIndex,
  DEFAULT_CHANNEL,
  decodeIndex,
  decodePage,
  encodeIndex,
  encodePage,
  indexPath,
  isChannelName,
  type ListedFile,
  type ListedPackage,
  type ListedRelease,
  MAX_LISTED,
  MAX_PACKAGES,
  type RevocationTimes,
  revocationTimes,
} from './channel-index.ts';
export { isFeedPath } from './download-url.ts';
export { feedAddress, feedAddressFault } from './feed-address.ts';
export {
  CHANGE_KINDS,
  type ChangeLog,
  type ConfigSchema,
  type DGMOVersion,
  decodeManifest,
  type Evolution,
  encodeManifest,
  manifestSchema,
  RISK_LEVELS,
  type RiskLevel,
  UPDATE_TYPES,
  type UpdateType,
} from './manifest.ts';
export { compareVersions, isNewer, isVersion } from './semver.ts';
export {
  type BinaryArch,
  baselineOf,
  executableName,
  isBaseline,
  MACHINES,
  machineOf,
  parseTarget,
  TARGETS,
  type Target,
  targetName,
  targetOf,
} from './target.ts';
