/** What is fuzzed, by name. Each makes one case of a number, says what became of it, and throws if that must not be. */
import { anyFiles, damagedExecutables } from './files.ts';
import { changedList, damagedPacked } from './packed.ts';
import { changedHeader, changedNumbersOfBsdiff, damagedFrames } from './patches.ts';
import { Random } from './random.ts';
import { changedTable, damagedRecords } from './records.ts';
import {
  changedFast,
  changedFourth,
  changedLight,
  changedModel,
  damagedOld,
  damagedStreams,
} from './streams.ts';

const TARGETS: Record<string, (random: Random) => Promise<string>> = {
  model: changedModel,
  fourth: changedFourth,
  fast: changedFast,
  light: changedLight,
  streams: damagedStreams,
  packed: (random) => (random.once(4) ? damagedPacked(random) : changedList(random)),
  records: (random) => (random.once(3) ? damagedRecords(random) : changedTable(random)),
  bsdiff: changedNumbersOfBsdiff,
  frames: damagedFrames,
  header: changedHeader,
  old: damagedOld,
  executables: damagedExecutables,
  files: anyFiles,
};

export const TARGET_NAMES = Object.keys(TARGETS);

/** What became of the case: `made`, `refused`, `nothing` (it could not be made), and so on. */
export async function runCase(target: string, number: number): Promise<string> {
  const run = TARGETS[target];
  if (run === undefined) throw new Error(`there is no target ${target}, only ${TARGET_NAMES.join(', ')}`);
  return await run(new Random(number));
}
