/** Blocks and codes of zlib, gzip and zip, from lib/delta/FORMAT.md. */

type Token = number | { length: number; distance: number };
/** Of each symbol its length and its bits, the first of them the highest. */
type Code = { length: number; bits: number }[];

const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const add = (counts: number[], at: number, more: number) => {
  counts[at] = (counts[at] ?? 0) + more;
};

class Bits {
  readonly #bytes: number[] = [];
  /** Bits that are no whole byte yet, and how many. */
  #byte = 0;
  #at = 0;

  put(value: number, count: number): void {
    for (let i = 0; i < count; i++) {
      this.#byte |= ((value >>> i) & 1) << this.#at++;
      if (this.#at === 8) this.fill();
    }
  }

  code({ length, bits }: { length: number; bits: number } = { length: 0, bits: 0 }): void {
    for (let i = length - 1; i >= 0; i--) this.put(bits >> i, 1);
  }

  fill(): void {
    if (this.#at > 0) this.#bytes.push(this.#byte);
    this.#byte = 0;
    this.#at = 0;
  }

  bytes(): Uint8Array {
    this.fill();
    return Uint8Array.from(this.#bytes);
  }
}

/** The symbol of a length less 3 or of a distance less one, how many bits follow it, and what they are. */
function symbolOf(value: number, direct: number): { symbol: number; extra: number; rest: number } {
  const free = direct === 8 ? 2 : 1;
  if (value < direct) return { symbol: value, extra: 0, rest: 0 };
  const extra = 31 - Math.clz32(value) - free;
  const symbol = ((extra + 1) << free) + ((value >> extra) & ((1 << free) - 1));
  return { symbol, extra, rest: value & ((1 << extra) - 1) };
}

const ofLength = (length: number) =>
  length === 258 ? { symbol: 28, extra: 0, rest: 0 } : symbolOf(length - 3, 8);
const ofDistance = (distance: number) => symbolOf(distance - 1, 4);

export class ZipBlocks {
  readonly bits = new Bits();
  tokens: Token[] = [];

  /** How many bits gzip and zip guess, and how many tokens have distances. */
  guess(): { bits: number; matches: number } {
    let bits = 8 * this.tokens.length;
    let matches = 0;
    for (const token of this.tokens) {
      if (typeof token === 'number') continue;
      matches++;
      bits += 5 + ofDistance(token.distance).extra;
    }
    return { bits, matches };
  }

  /** `bytes` are null if they are no longer in the window. */
  end(bytes: Uint8Array | null, isLast: boolean): void {
    const literals = new Array<number>(286).fill(0);
    const distances = new Array<number>(30).fill(0);
    let extra = 0;
    literals[256] = 1;
    for (const token of this.tokens) {
      if (typeof token === 'number') add(literals, token, 1);
      else {
        const [length, distance] = [ofLength(token.length), ofDistance(token.distance)];
        add(literals, 257 + length.symbol, 1);
        add(distances, distance.symbol, 1);
        extra += length.extra + distance.extra;
      }
    }
    const own = [makeCode(literals, 15), makeCode(distances, 15)] as const;
    const cost = (codes: readonly [Code, Code]) =>
      literals.reduce((sum, count, symbol) => sum + count * (codes[0][symbol]?.length ?? 0), extra) +
      distances.reduce((sum, count, symbol) => sum + count * (codes[1][symbol]?.length ?? 0), 3);
    const header = new Lengths(own.map((code) => code.map(({ length }) => length)));
    const dynamicBytes = (cost(own) + header.size + 7) >> 3;
    const fixedBytes = (cost(FIXED) + 7) >> 3;
    if (bytes !== null && bytes.length + 4 <= Math.min(dynamicBytes, fixedBytes)) this.stored(bytes, isLast);
    else {
      const isFixed = fixedBytes <= dynamicBytes;
      this.bits.put(Number(isLast) + (isFixed ? 2 : 4), 3);
      if (!isFixed) header.write(this.bits, own[0].length, own[1].length);
      this.#write(isFixed ? FIXED : own);
    }
    this.tokens = [];
  }

  stored(bytes: Uint8Array, isLast: boolean): void {
    this.bits.put(Number(isLast), 3);
    this.bits.fill();
    this.bits.put(bytes.length, 16);
    this.bits.put(~bytes.length, 16);
    for (const byte of bytes) this.bits.put(byte, 8);
  }

  #write([literals, distances]: readonly [Code, Code]): void {
    for (const token of this.tokens) {
      if (typeof token === 'number') this.bits.code(literals[token]);
      else {
        const [length, distance] = [ofLength(token.length), ofDistance(token.distance)];
        this.bits.code(literals[257 + length.symbol]);
        this.bits.put(length.rest, length.extra);
        this.bits.code(distances[distance.symbol]);
        this.bits.put(distance.rest, distance.extra);
      }
    }
    this.bits.code(literals[256]);
  }
}

/** The code of the symbols that occur so often, up to the last one. */
function makeCode(counts: readonly number[], longest: number): Code {
  const nodes = counts.flatMap((count, symbol) =>
    count > 0 ? [{ symbol, count, depth: 0, length: 0 }] : [],
  );
  let last = nodes.at(-1)?.symbol ?? -1;
  while (nodes.length < 2) {
    const symbol = last < 2 ? ++last : 0;
    nodes.push({ symbol, count: 1, depth: 0, length: 0 });
  }
  type Node = (typeof nodes)[number];
  const isBefore = (a: Node, b: Node) => a.count < b.count || (a.count === b.count && a.depth <= b.depth);
  /** From 1 on. */
  const heap: Node[] = [nodes[0] as Node, ...nodes];
  const sink = (from: number) => {
    const node = heap[from] as Node;
    let k = from;
    for (let j = 2 * k; j < heap.length; j = 2 * k) {
      if (j + 1 < heap.length && isBefore(heap[j + 1] as Node, heap[j] as Node)) j++;
      if (isBefore(node, heap[j] as Node)) break;
      heap[k] = heap[j] as Node;
      k = j;
    }
    heap[k] = node;
  };
  for (let k = nodes.length >> 1; k >= 1; k--) sink(k);
  const list: Node[] = [];
  const parents = new Map<Node, Node>();
  while (heap.length > 2) {
    const a = heap[1] as Node;
    const end = heap.pop() as Node;
    heap[1] = end;
    sink(1);
    const b = heap[1] as Node;
    list.unshift(b, a);
    const parent = { symbol: -1, count: a.count + b.count, depth: Math.max(a.depth, b.depth) + 1, length: 0 };
    parents.set(a, parent).set(b, parent);
    heap[1] = parent;
    sink(1);
  }
  const perLength = new Array<number>(longest + 2).fill(0);
  let over = 0;
  for (const node of list) {
    const length = (parents.get(node)?.length ?? 0) + 1;
    if (length > longest) over++;
    node.length = Math.min(length, longest);
    if (node.symbol >= 0) add(perLength, node.length, 1);
  }
  if (over > 0) {
    for (; over > 0; over -= 2) {
      let length = longest - 1;
      while (perLength[length] === 0) length--;
      add(perLength, length, -1);
      add(perLength, length + 1, 2);
      add(perLength, longest, -1);
    }
    const symbols = list.filter(({ symbol }) => symbol >= 0).reverse();
    for (let length = longest, next = 0; length > 0; length--)
      for (let left = perLength[length] ?? 0; left > 0; left--) (symbols[next++] as Node).length = length;
  }
  const lengths = new Array<number>(last + 1).fill(0);
  for (const { symbol, length } of nodes) lengths[symbol] = length;
  return codeOf(lengths);
}

/** RFC 1951, 3.2.2. */
function codeOf(lengths: readonly number[]): Code {
  const code: Code = lengths.map((length) => ({ length, bits: 0 }));
  let next = 0;
  for (let length = 1; length < 16; length++) {
    next <<= 1;
    for (const symbol of code) if (symbol.length === length) symbol.bits = next++;
  }
  return code;
}

const FIXED = [
  codeOf(Array.from({ length: 288 }, (_, i) => (i < 144 || i > 279 ? 8 : i < 256 ? 9 : 7))),
  codeOf(new Array<number>(30).fill(5)),
] as const;

/** How the lengths of two codes are written. */
class Lengths {
  readonly #symbols: { symbol: number; rest: number }[] = [];
  readonly #code: Code;
  readonly #count: number;
  /** In bits, without the three that precede it. */
  readonly size: number;

  constructor(codes: readonly (readonly number[])[]) {
    for (const lengths of codes) this.#collect(lengths);
    const counts = new Array<number>(19).fill(0);
    for (const { symbol } of this.#symbols) add(counts, symbol, 1);
    this.#code = makeCode(counts, 7);
    let count = 19;
    while (count > 4 && !this.#code[ORDER[count - 1] ?? 0]?.length) count--;
    this.#count = count;
    this.size = 14 + 3 * count;
    for (const { symbol } of this.#symbols) this.size += (this.#code[symbol]?.length ?? 0) + extraOf(symbol);
  }

  #collect(lengths: readonly number[]): void {
    const tell = (symbol: number, rest = 0) => this.#symbols.push({ symbol, rest });
    let last = -1;
    for (let at = 0; at < lengths.length; ) {
      const length = lengths[at] ?? 0;
      const most = length === 0 ? 138 : length === last ? 6 : 7;
      let run = 1;
      while (run < most && lengths[at + run] === length) run++;
      at += run;
      if (length === 0 && run >= 11) tell(18, run - 11);
      else if (length === 0 && run >= 3) tell(17, run - 3);
      else if (length > 0 && length === last && run >= 3) tell(16, run - 3);
      else if (length > 0 && length !== last && run >= 4) {
        tell(length);
        tell(16, run - 4);
      } else for (; run > 0; run--) tell(length);
      last = length;
    }
  }

  write(bits: Bits, literals: number, distances: number): void {
    bits.put(literals - 257, 5);
    bits.put(distances - 1, 5);
    bits.put(this.#count - 4, 4);
    for (const symbol of ORDER.slice(0, this.#count)) bits.put(this.#code[symbol]?.length ?? 0, 3);
    for (const { symbol, rest } of this.#symbols) {
      bits.code(this.#code[symbol]);
      bits.put(rest, extraOf(symbol));
    }
  }
}

function extraOf(symbol: number): number {
  return symbol < 16 ? 0 : ([2, 3, 7][symbol - 16] ?? 0);
}
