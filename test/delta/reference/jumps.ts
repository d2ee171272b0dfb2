/** Whether the third model goes on where the last four bytes are found again nearby: from lib/delta/FORMAT.md. */
import { Counters, chance, learn } from './arithmetic.ts';
import type { Matches } from './matches.ts';
import type { State } from './state.ts';

const LIMIT = 30;

interface Trial {
  at: number;
  stay: number;
  jump: number;
  counters: [number, number][];
}

export class Jumps {
  readonly #state: State;
  readonly #matches: Matches;
  readonly #byMisses = new Counters();
  readonly #bySide = new Counters();
  #trial: Trial | null = null;

  constructor(state: State, matches: Matches) {
    this.#state = state;
    this.#matches = matches;
  }

  judge(): void {
    const { at, files } = this.#state;
    const trial = this.#trial;
    if (trial === null || at - trial.at < 16) return;
    this.#trial = null;
    if (at - trial.at >= 65536) return;
    const right = (place: number) => {
      const offsets = Array.from({ length: 16 }, (_, i) => i).filter((i) => place + i < files.old.length);
      return offsets.filter((i) => files.oldByte(place + i) === files.newByte(trial.at + i)).length;
    };
    const [jumped, stayed] = [right(trial.jump), right(trial.stay)];
    if (jumped === stayed) return;
    for (const counter of trial.counters) learn(counter, jumped > stayed ? 1 : 0, LIMIT);
  }

  goesTo(place: number): boolean {
    const { at, oldAt, misses, class: type } = this.#state;
    const distance = place - oldAt;
    const row = (type * 16 + this.#matches.commonWith(place, 15)) * 4 + Math.min(3, misses);
    const side = (distance < 0 ? 2 : 0) + (distance >= -16 && distance < 16 ? 1 : 0);
    const counters = [this.#byMisses.at(row), this.#bySide.at(row * 4 + side)];
    this.#trial ??= { at, stay: oldAt, jump: place, counters };
    return counters.reduce((sum, counter) => sum + chance(counter), 0) >= 65536;
  }
}
