/**
 * What is the same with and without a step, so that a step is all that differs: the alignments of a pair, and where its second
 * lane begins. Made once for each pair, by the whole encoder, and then read from a folder.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { changesOf } from './step.ts';

/** The variable of the environment that names the folder. */
export const FOLDER = 'DGMO_ABLATION_FOLDER';
export const LANE = 'lane.json';

export async function kept<T>(name: string, make: () => Promise<T>): Promise<T> {
  const file = path.join(process.env[FOLDER] ?? '', name);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const made = await make();
  writeFileSync(file, JSON.stringify(made));
  return made;
}

const IMPORT = (depth: string) => `import { kept } from '${depth}test/bench/ablation/kept.ts';\n`;

/** Changes of a copy of the tree, with which it keeps them. */
export const KEEPING = [
  ...changesOf(
    'generate.ts',
    [
      'const { alignments, raw } = await align(old, fresh, onProgress);',
      `const { alignments, raw } = await kept('alignments.json', async () => ({
    alignments: (await align(old, fresh, onProgress)).alignments,
    raw: null,
  }));`,
    ],
    [
      "import { applyPatch } from './apply.ts';",
      `${IMPORT('../../')}import { applyPatch } from './apply.ts';`,
    ],
  ),
  ...changesOf(
    'mixing/choose.ts',
    [
      'const made = await encodeInLanes(aligned, choice, means);',
      `const place = await kept('${LANE}', async () => {
      const first = await encodeInLanes(aligned, choice, means);
      return first.second === null ? null : first.profiles[0].at(-1).made;
    });
    const made = await encodeMixing(aligned, choice, means.limit, place, means.onProgress);`,
    ],
    [
      "import type { MixingChoice, MixingInput, MixingStreams } from './encode.ts';",
      `${IMPORT('../../../')}import { encodeMixing, type MixingChoice, type MixingInput, type MixingStreams } from './encode.ts';`,
    ],
  ),
];
