/** The diff of a patch, which is nearly all zeros: the positions and the values of the other bytes (FORMAT.md, "diff"). */
import { DamagedError } from '../../errors.ts';
import { type Inflater, VARINT_LIMIT } from '../inflater.ts';

export class SparseDiff {
  readonly #skips: Inflater;
  readonly #runs: Inflater;
  /** By run length: 1, 2, 3, 4 and more. */
  readonly #valuesByLength: readonly Inflater[];
  /** The most bytes of the diff that may still come. */
  #left: number;
  #zeros = 0;
  #run = 0;
  #values: Inflater | undefined;
  #carry = 0;

  /** The diff has at most `limit` bytes, so no number in it is larger. */
  constructor(skips: Inflater, runs: Inflater, valuesByLength: readonly Inflater[], limit: number) {
    this.#skips = skips;
    this.#runs = runs;
    this.#valuesByLength = valuesByLength;
    this.#left = limit;
  }

  /** Begins another addition, without a carry. */
  begin(): void {
    this.#carry = 0;
  }

  /** How many of the next bytes, at most `limit`, stay as they are. They are taken from the diff. */
  async skip(limit: number): Promise<number> {
    if (this.#carry !== 0) return 0;
    if (this.#zeros === 0 && this.#run === 0) await this.#advance();
    const count = Math.min(limit, this.#zeros);
    this.#zeros -= count;
    return count;
  }

  /** After `skip`: how many bytes the diff changes next, at least. */
  get changing(): number {
    return this.#zeros > 0 ? 1 : Math.max(1, this.#run);
  }

  /** Adds the next `bytes.length` bytes of the diff to `bytes`, in place. Throws DamagedError if they are malformed. */
  async addTo(bytes: Uint8Array): Promise<void> {
    const size = bytes.length;
    let at = 0;
    while (at < size) {
      if (this.#zeros === 0 && this.#run === 0) await this.#advance();
      if (this.#zeros > 0) {
        const end = Math.min(size, at + this.#zeros);
        this.#zeros -= end - at;
        at = this.#carryOver(bytes, at, end);
        continue;
      }
      const values = this.#values;
      if (values === undefined || values.left === 0) {
        throw new DamagedError(`${values?.name ?? 'the diff'} ends too early`);
      }
      if (!values.has(1)) await values.fill(1);
      const count = Math.min(this.#run, size - at, values.available);
      this.#run -= count;
      at = this.#add(bytes, at, at + count, values);
    }
  }

  /** Throws DamagedError if more of the diff is left than the zeros at its end. */
  end(): void {
    if (this.#run > 0 || (this.#zeros > 0 && this.#zeros !== Number.POSITIVE_INFINITY)) {
      throw new DamagedError('the diff in the patch is longer than what it is for');
    }
  }

  async #advance(): Promise<void> {
    if (!this.#skips.has(VARINT_LIMIT)) await this.#skips.fill(VARINT_LIMIT);
    if (!this.#runs.has(VARINT_LIMIT)) await this.#runs.fill(VARINT_LIMIT);
    this.#next();
  }

  #next(): void {
    if (this.#skips.left === 0) {
      this.#zeros = Number.POSITIVE_INFINITY;
      return;
    }
    const first = this.#values === undefined;
    this.#zeros = this.#skips.varint();
    this.#run = this.#runs.varint();
    if (this.#run === 0 || (this.#zeros === 0 && !first)) {
      throw new DamagedError('the diff in the patch has an empty run');
    }
    this.#left -= this.#zeros + this.#run;
    if (this.#left < 0) throw new DamagedError('the diff in the patch is longer than the new file');
    this.#values = this.#valuesByLength[Math.min(this.#run, this.#valuesByLength.length) - 1];
  }

  /** A zero changes a byte only if there is a carry. Returns `end`. */
  #carryOver(bytes: Uint8Array, from: number, end: number): number {
    for (let at = from; at < end && this.#carry !== 0; at++) {
      const sum = (bytes[at] ?? 0) + this.#carry;
      bytes[at] = sum;
      this.#carry = sum >> 8;
    }
    return end;
  }

  #add(bytes: Uint8Array, from: number, end: number, values: Inflater): number {
    let carry = this.#carry;
    for (let at = from; at < end; at++) {
      const digit = values.byte();
      if (digit === 0) throw new DamagedError(`${values.name} holds a zero`);
      const sum = (bytes[at] ?? 0) + ((digit << 24) >> 24) + carry;
      bytes[at] = sum;
      carry = sum >> 8;
    }
    this.#carry = carry;
    return end;
  }
}
