/** Signs a root with enough keys of the previous root and of its own (spec 6.1). */
import { TrustError } from '../../../lib/errors.ts';
import { makeRoot, type RootDraft, type SigningKey } from '../../../lib/trust/index.ts';
import type { Roles, Signers } from '../../keys/signers.ts';

export function signRoot(before: Roles, draft: RootDraft, signers: Signers): Uint8Array {
  return makeRoot(draft, rootKeys(before, draft, signers));
}

/** Requests the signatures. The result is dropped: it may not be a valid root yet. */
export function askForRoot(before: Roles, draft: RootDraft, signers: Signers): void {
  try {
    signRoot(before, draft, signers);
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
  }
}

function rootKeys(before: Roles, draft: RootDraft, signers: Signers): SigningKey[] {
  const keys = [...signers.keys('root', draft), ...signers.keys('root', before)];
  return [...new Map(keys.map((key) => [key.id, key])).values()];
}
