/** The addresses of one file: which one to ask next, and which ones not to ask again. */

export class Mirrors {
  #urls: string[];
  #failures = 0;

  constructor(urls: readonly string[]) {
    this.#urls = [...urls];
  }

  /** Null when every one has been given up. */
  get current(): string | null {
    return this.#urls[0] ?? null;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** The current one failed and may be asked again: it is the next one's turn. */
  failed(): void {
    this.#failures++;
    const [first, ...others] = this.#urls;
    if (first !== undefined) this.#urls = [...others, first];
  }

  /** The current one is not asked again. */
  giveUp(): void {
    this.#urls.shift();
  }

  progressed(): void {
    this.#failures = 0;
  }
}
