/** The client of a TUF repository: what the publisher offers now, and whether it can be trusted. */
export { eagerSource } from './eager-source.ts';
export { type Feed, type FeedOptions, openFeed } from './feed.ts';
export { ANY_KEYS } from './key-policy.ts';
export { type MetadataSource, timestampFile } from './metadata-source.ts';
export {
  eitherOf,
  networkSource,
  type SourceLimits,
} from './network-source.ts';
export {
  checkTargetPath,
  type TargetInfo,
  verifyTarget,
} from './target.ts';
