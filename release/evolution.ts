/** A plugin that comes with a release, as its folder describes it. */
import path from 'node:path';
import type { Evolution } from '../lib/version/index.ts';
import { parseJson } from '../lib/version/json.ts';
import { evolution } from '../lib/version/manifest.ts';
import { readInput } from './files.ts';

/** Reads `<folder>/evolution.json`: `{"id": "...", "description": "...", "autoApply": true}`. */
export function readEvolution(folder: string): Evolution {
  const file = path.join(folder, 'evolution.json');
  return evolution(parseJson(readInput(file), file), file);
}
