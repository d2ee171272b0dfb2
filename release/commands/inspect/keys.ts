/** Roots and key files: which keys, how many must sign, until when. Nothing secret is read. */
import { readSource } from '../../../lib/platform/files.ts';
import { decodeKeyFile, decodeRoot, ROLES } from '../../../lib/trust/index.ts';
import type { Inspector } from './inspector.ts';

export const inspectRoot: Inspector = (source, note) => {
  const root = decodeRoot(readSource(source));
  note('version', root.version);
  note('expires', new Date(root.expires).toISOString());
  for (const role of ROLES) {
    const { keys, threshold } = root.roles[role];
    note(role, { threshold, keys: keys.map(({ id }) => id) });
  }
};

export const inspectKeyFile: Inspector = (source, note) => {
  const { role, keyid, public: publicKey, kdf } = decodeKeyFile(readSource(source));
  note('role', role);
  note('keyid', keyid);
  note('public', publicKey);
  note('kdf', `${kdf.name}, cost 2^${kdf.cost}`);
};
