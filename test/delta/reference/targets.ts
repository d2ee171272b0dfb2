/** Where what references refer to has moved, from lib/delta/FORMAT.md: what was learned of it, the moves and the steps. */
import { hash, NOWHERE, u32 } from './arithmetic.ts';
import { type Classes, type NewConstants, nearby } from './classes.ts';
import { addressIn, isPlace, offsetIn } from './image.ts';
import type { Parameters, Step } from './parameters.ts';
import { movedTo } from './wasm.ts';

/** How many of the last aligned steps may map a place. */
const NEAREST = 24;

/** Where the steps say that old places are now. */
export class StepMap {
  readonly #byOld: Step[];

  constructor(steps: readonly Step[]) {
    this.#byOld = steps
      .filter(({ old }) => old !== NOWHERE)
      .sort((a, b) => a.old - b.old || a.start - b.start);
  }

  /** The new place of an old one, and bytes from there on that the step has; NOWHERE and 0 if there is none. */
  mapped(place: number): { place: number; left: number } {
    const count = this.#countTo(place);
    const before = this.#byOld.slice(Math.max(0, count - NEAREST), count);
    let longest = 0;
    let found = { place: NOWHERE, left: 0 };
    for (const { start, end, old } of before.reverse()) {
      if (place - old < end - start && end - start > longest) {
        longest = end - start;
        found = { place: start + place - old, left: end - start - (place - old) };
      }
    }
    return found;
  }

  /** How many steps begin at the old place or before it. */
  #countTo(place: number): number {
    let [least, most] = [0, this.#byOld.length];
    while (least < most) {
      const middle = (least + most) >> 1;
      if (Number(this.#byOld[middle]?.old) <= place) least = middle + 1;
      else most = middle;
    }
    return least;
  }
}

export class Targets {
  readonly #parameters: Parameters;
  readonly #bits: number;
  readonly #map: StepMap;
  readonly #learned = new Map<number, { target: number; became: number; count: number }>();
  readonly #near = new Map<number, number>();
  #overall = 0;

  constructor(parameters: Parameters, oldSize: number) {
    this.#parameters = parameters;
    this.#bits = Math.min(20, Math.max(10, 26 - Math.clz32(oldSize | 1)));
    this.#map = new StepMap(parameters.steps);
  }

  /** By how much the neighbours of the target have moved. */
  neighbours(target: number): number {
    return (
      this.#near.get(hash(target >>> 8, 8) & 0xffff) ||
      this.#near.get(hash(target >>> 14, 14) & 0xffff) ||
      this.#overall
    );
  }

  /** What earlier references to it became, if there were any. */
  learned(target: number): { expected: number; trust: number } | undefined {
    const entry = this.#learned.get(this.#slot(target));
    return entry?.target === target
      ? { expected: entry.became, trust: 2 + Math.min(entry.count, 5) }
      : undefined;
  }

  /** What a number of a class of Java becomes: `fresh` is the class that is made now. */
  predictNumber(
    target: number,
    { origin, constants, around, isInConstants }: ReturnType<Classes['about']> & { origin: number },
    fresh: NewConstants,
  ): { expected: number; trust: number } {
    const number = target - origin;
    const { content = 0, place = 0 } = constants[number] ?? {};
    const same = fresh.find(content);
    if (same !== 0) return { expected: u32(origin + same), trust: 2 };
    const learned = this.learned(target);
    if (learned !== undefined) return learned;
    const moved = place === 0 ? 0 : fresh.numberAt(this.#map.mapped(place).place);
    if (moved !== 0) return { expected: u32(origin + moved), trust: 1 };
    for (const apart of nearby(number, constants.length)) {
      const near = this.learned(target + apart);
      if (near !== undefined) return { expected: u32(near.expected - apart), trust: 1 };
    }
    if (fresh.next !== 0 && isInConstants) return { expected: u32(target + fresh.next - around), trust: 0 };
    return { expected: u32(target + this.neighbours(target)), trust: 0 };
  }

  predict(target: number): { expected: number; trust: number } {
    const learned = this.learned(target);
    if (learned !== undefined) return learned;
    const { moves, images } = this.#parameters;
    const moved = isPlace(images[0], target) ? null : movedTo(moves, target);
    if (moved !== null) return { expected: moved, trust: 1 };
    const from = offsetIn(images[0], target);
    const to = from === NOWHERE ? NOWHERE : this.#map.mapped(from).place;
    if (to !== NOWHERE) return { expected: addressIn(images[1], to), trust: 1 };
    return { expected: u32(target + this.neighbours(target)), trust: 0 };
  }

  learn(target: number, became: number): void {
    const entry = this.#learned.get(this.#slot(target));
    if (entry?.target === target) {
      if (entry.became === became) {
        entry.count = Math.min(1000, entry.count + 1);
        return;
      }
      if (entry.count > 2) {
        entry.count >>= 1;
        return;
      }
    }
    this.#learned.set(this.#slot(target), { target, became, count: 1 });
    const moved = u32(became - target);
    this.#near.set(hash(target >>> 8, 8) & 0xffff, moved);
    this.#near.set(hash(target >>> 14, 14) & 0xffff, moved);
    this.#overall = moved;
  }

  #slot(target: number): number {
    return u32(Math.imul(target, 0x9e3779b1)) >>> (32 - this.#bits);
  }
}
