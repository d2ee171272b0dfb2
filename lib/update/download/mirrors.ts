/** The addresses of one file, and what has become of each. */

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

  /** The current one failed for now: the next one's turn. */
  failed(): void {
    this.#failures++;
    const [first, ...others] = this.#urls;
    if (first !== undefined) this.#urls = [...others, first];
  }

  /** The current one will not do, ever. */
  giveUp(): void {
    this.#urls.shift();
  }

  progressed(): void {
    this.#failures = 0;
  }
}
