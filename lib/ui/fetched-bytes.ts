/** Counts what the downloads of a command brought over the network: what was in the cache, or came to nothing, is told apart. */
import type { UpdateEvent } from '../api/index.ts';

export class FetchedBytes {
  /** By file: what its download has brought so far. */
  readonly #now = new Map<string, number>();
  #before = 0;

  add(event: UpdateEvent | { event: string }): void {
    if (!('fetched' in event)) return;
    const key = event.event === 'download' ? `package ${event.package}` : event.event;
    const last = this.#now.get(key) ?? 0;
    // Another download of a file with that place: of the next route.
    if (event.fetched < last) this.#before += last;
    this.#now.set(key, event.fetched);
  }

  get total(): number {
    return [...this.#now.values()].reduce((sum, bytes) => sum + bytes, this.#before);
  }
}
