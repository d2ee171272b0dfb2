/** What the fourth model learns of the old file before the first byte, from lib/delta/FORMAT.md. */
import { Decoder, hash, NOWHERE } from './arithmetic.ts';
import { Bytes } from './bytes.ts';
import { Files, isIdentifier } from './files.ts';
import { DATA, type Image, isInWords, stretchIn } from './image.ts';
import { type Literals, MixedFlags } from './literals.ts';
import { Matches, type OldIndex } from './matches.ts';
import { areObjects } from './objects.ts';
import type { Step } from './parameters.ts';
import type { References } from './references.ts';
import { CODE_CLASS, State, TEXT_CLASS } from './state.ts';

const BLOCK = 64;
/** Blocks that are so far from a step are not learned. */
const FARTHEST = 65534;

/** Which contexts old bytes say nothing of, by class. */
const UNKNOWN: Readonly<Record<number, readonly number[]>> = {
  0: [2, 3, 4, 7],
  [CODE_CLASS]: [2, 3, 4],
  [TEXT_CLASS]: [2, 3, 8, 9],
};

export function learnOld(
  old: Uint8Array,
  steps: readonly Step[],
  amount: number,
  image: Image,
  { references, literals, index }: { references: References; literals: Literals; index: OldIndex },
): void {
  const blocks = nearBlocks(old.length, steps, Math.floor(2 ** amount / BLOCK));
  const files = new Files(old, old.length, 0);
  files.fresh.set(old);
  const state = new State(files);
  state.oldAt = old.length;
  const decoder = new Decoder(new Uint8Array(0));
  const coders = { flags: new MixedFlags(decoder, 4), literals };
  const bytes = new Bytes(4, state, new Matches(4, state, index), coders, image);
  for (const [block, isLearned] of blocks.entries()) {
    if (!isLearned) {
      state.wordHash = 0;
      continue;
    }
    for (let place = block * BLOCK; place < Math.min(old.length, (block + 1) * BLOCK); place++) {
      if (place >= state.regionEnd) enter(state, place, image, references);
      state.at = place;
      const unknown = UNKNOWN[state.class] ?? [];
      const contexts = bytes.contexts(-1).map((key, index) => (unknown.includes(index) ? null : key));
      const byte = files.oldByte(place);
      literals.learn(byte, contexts);
      state.wordHash = isIdentifier(byte) ? hash(state.wordHash, byte) : 0;
    }
  }
}

/** Sets what is at the place of the old file, and where something else begins. */
function enter(state: State, place: number, image: Image, { objects }: References): void {
  const { region, end } = stretchIn(image, place, state.files.old.length);
  state.kind = region?.kind ?? DATA;
  state.inWords = isInWords(region);
  state.regionEnd = end;
  if (objects !== null && areObjects(region?.kind)) {
    state.kind = objects.code(place);
    state.regionEnd = place + objects.stretch(place, end - place);
  }
}

/** Of each block whether it is learned: the nearest ones to where steps begin and end, at most `most`. */
function nearBlocks(size: number, steps: readonly Step[], most: number): boolean[] {
  const distances = new Array<number>(Math.ceil(size / BLOCK)).fill(FARTHEST);
  for (const { start, end, old } of steps) {
    if (old === NOWHERE || size === 0) continue;
    for (const place of [old, old + end - start])
      distances[Math.floor(Math.min(place, size - 1) / BLOCK)] = 0;
  }
  for (let i = 1; i < distances.length; i++) spread(distances, i, i - 1);
  for (let i = distances.length - 2; i >= 0; i--) spread(distances, i, i + 1);
  const counts = new Array<number>(FARTHEST + 1).fill(0);
  for (const distance of distances) counts[distance] = Number(counts[distance]) + 1;
  let nearest = 0;
  let left = most;
  while (nearest < FARTHEST && Number(counts[nearest]) <= left) left -= Number(counts[nearest++]);
  return distances.map(
    (distance) => distance < nearest || (distance === nearest && distance < FARTHEST && left-- > 0),
  );
}

function spread(distances: number[], to: number, from: number): void {
  distances[to] = Math.min(Number(distances[to]), Number(distances[from]) + 1);
}
