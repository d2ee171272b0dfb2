/**
 * A program and its releases, made up: a script that prints its version (so that a probe succeeds), then what stands for
 * machine code, then JavaScript. Every release edits a few modules of the JavaScript; every twelfth shifts addresses in
 * the machine code, every fortieth replaces a part of it, as a new runtime does. The same in every run.
 */

const CODE_BYTES = 2 << 20;
const MODULES = 400;
const LINES = 60;
/** Places in the machine code that hold an address. */
const ADDRESSES = 20_000;

/** Whole numbers below a bound (xorshift32). */
function dice(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const NOUNS = 'session message buffer snapshot channel token editor layout theme worker request cursor'.split(
  ' ',
);
const VERBS = 'open close read write render parse merge resolve schedule emit cancel restore'.split(' ');

function codeLine(roll: (below: number) => number): string {
  const pick = (words: string[]) => words[roll(words.length)] ?? '';
  const [verb, noun, other] = [pick(VERBS), pick(NOUNS), pick(NOUNS)];
  return [
    `const ${noun}${roll(90)} = await ${verb}${other[0]?.toUpperCase()}${other.slice(1)}(${roll(4096)});`,
    `if (${noun}.${other}Count > ${roll(256)}) throw new Error("cannot ${verb} ${noun}");`,
    `function ${verb}_${noun}_${roll(999)}(${other}, options = {}) { return ${noun}.get(${other}); }`,
    `this.${noun}.on("${verb}", (${other}) => { this.${other}s.push(${other}); });`,
  ][roll(4)] as string;
}

/** `count` versions of the program, the oldest first. */
export function* syntheticReleases(count: number): Generator<{ version: string; content: Uint8Array }> {
  const roll = dice(7);
  const instructions = Array.from({ length: 3000 }, () => {
    const bytes = new Uint8Array(3 + roll(5));
    return bytes.map(() => roll(256));
  });
  const code = new Uint8Array(CODE_BYTES);
  const fill = (start: number, end: number) => {
    for (let at = start; at < end; ) {
      // Some instructions are far more frequent than others.
      const next = instructions[Math.min(roll(3000), roll(3000), roll(3000))] as Uint8Array;
      code.set(next.subarray(0, end - at), at);
      at += next.length;
    }
  };
  fill(0, CODE_BYTES);
  const addresses = new Map(
    Array.from({ length: ADDRESSES }, () => [roll(CODE_BYTES / 4 - 1) * 4, roll(CODE_BYTES)] as const),
  );
  const view = new DataView(code.buffer);
  const modules = Array.from({ length: MODULES }, () => Array.from({ length: LINES }, () => codeLine(roll)));

  for (let number = 0; number < count; number++) {
    const version = `1.${number}.0`;
    if (number > 0) {
      for (let edits = 3 + roll(6); edits > 0; edits--) {
        const lines = modules[roll(MODULES)] ?? [];
        const from = roll(lines.length);
        lines.splice(from, roll(4), ...Array.from({ length: roll(8) }, () => codeLine(roll)));
      }
      if (number % 40 === 0) {
        const start = roll(CODE_BYTES / 2);
        fill(start, start + CODE_BYTES / 4);
      }
      if (number % 12 === 0) {
        const [behind, by] = [roll(CODE_BYTES), 16 * (1 + roll(64))];
        for (const [at, to] of addresses) if (to > behind) addresses.set(at, to + by);
      }
    }
    for (const [at, to] of addresses) view.setUint32(at, to, true);
    const start = `#!/bin/sh\necho ${version}\nexit 0\n`;
    const script = modules.map((lines, index) => `// module ${index}\n${lines.join('\n')}\n`).join('');
    const text = `${script}export const version = "${version}";\n`;
    yield { version, content: new Uint8Array(Buffer.concat([Buffer.from(start), code, Buffer.from(text)])) };
  }
}
