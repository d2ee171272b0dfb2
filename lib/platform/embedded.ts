/** Files that the build puts inside the executable: `import path from './x.wasm' with { type: 'file' }` names one. */
import { readFileSync } from 'node:fs';

/** The bytes of an embedded file. When running from source, it is an ordinary file. */
export function readEmbedded(path: string): Uint8Array {
  return readFileSync(path);
}
