/** What is trusted: keys, the trusted root, signed envelopes, the feed. */
export { signBinary, verifyBinarySignature } from './binary-signature.ts';
export { decodeEnvelope, MAX_ENVELOPE, openEnvelope, signEnvelope } from './envelope.ts';
export {
  ANY_KEYS,
  checkTargetPath,
  eagerSource,
  eitherOf,
  type Feed,
  type FeedOptions,
  type MetadataSource,
  networkSource,
  openFeed,
  type SourceLimits,
  type TargetInfo,
  timestampFile,
  verifyTarget,
} from './feed/index.ts';
export { type PublicKey, publicKey } from './key.ts';
export { decodeKeyFile, KEY_FILE_TYPE, openKey, SCRYPT_COST, sealKey } from './key-file.ts';
export {
  decodeRoot,
  follows,
  isExpired,
  makeRoot,
  ROLES,
  type Role,
  type RoleName,
  type RootDraft,
  readRoot,
  type TrustedRoot,
  trustRoot,
} from './root.ts';
export { type SigningKey, signingKey, verifySignature } from './signing.ts';
