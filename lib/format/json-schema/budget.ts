/** What checking values by one schema may cost, in steps and, for regular expressions, in time. */
import { DamagedError } from '../../errors.ts';

/** For all the values together. The schemas of real programs take some thousand for a config. */
const MAX_STEPS = 1_000_000;
/** Milliseconds that regular expressions may take together: one alone ends only by the limit of the engine. */
const MAX_MATCHING = 1000;
/** Characters. A longer text is not matched, and counts as one that matches. */
const MAX_MATCHED = 16_384;

export class Budget {
  readonly #now: () => number;
  readonly #patterns = new Map<string, RegExp>();
  #steps = MAX_STEPS;
  #matching = MAX_MATCHING;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Throws DamagedError if nothing is left. */
  spend(steps: number): void {
    this.#steps -= steps;
    if (this.#steps < 0 || this.#matching < 0)
      throw new DamagedError('checking by the schema takes too long');
  }

  /** Throws DamagedError if nothing is left. */
  matches(pattern: string, text: string): boolean {
    this.spend(1 + (text.length >> 5));
    if (text.length > MAX_MATCHED) return true;
    const expression = this.#patterns.get(pattern) ?? new RegExp(pattern, 'u');
    this.#patterns.set(pattern, expression);
    const begun = this.#now();
    const found = expression.test(text);
    this.#matching -= this.#now() - begun;
    return found;
  }
}
