/**
 * A program as a bundler packs it: minified files behind each other, whose names have digests of the content, and the table
 * of offsets by which Bun finds them. In the later one names and digests differ throughout, and every record has one field more.
 */
import { randomNumbers } from './pairs.ts';

const FILES = 24;
const ENTRY = 52;
const TRAILER = '\n---- Bun! ----\n';

export function bundle(later: boolean): Uint8Array {
  const pieces: Buffer[] = [];
  const table = Buffer.alloc(FILES * ENTRY);
  let size = 0;
  const place = (text: string): [number, number] => {
    const at = size;
    const piece = Buffer.from(`${text}\0`);
    pieces.push(piece);
    size += piece.length;
    return [at, piece.length - 1];
  };
  for (let file = 0; file < FILES; file++) {
    const words = [...place(`/$bunfs/root/chunk-${digest(file, later)}.js`), ...place(content(file, later))];
    for (const [index, word] of words.entries()) table.writeUInt32LE(word, file * ENTRY + 4 * index);
    table.writeUInt32LE(0x01000500, file * ENTRY + ENTRY - 4);
  }
  const end = Buffer.alloc(32);
  end.writeBigUInt64LE(BigInt(size + table.length));
  end.writeUInt32LE(size, 8);
  end.writeUInt32LE(table.length, 12);
  const head = Buffer.from(later ? 'a loader, a little longer\n' : 'a loader\n');
  return Uint8Array.from(Buffer.concat([head, ...pieces, table, end, Buffer.from(TRAILER)]));
}

function digest(file: number, later: boolean): string {
  const next = randomNumbers(100 + file + (later && file % 3 !== 1 ? 1000 : 0));
  return Array.from({ length: 8 }, () => 'abcdefghjkmnpqrstvwxyz0123456789'[next() % 32]).join('');
}

function content(file: number, later: boolean): string {
  const next = randomNumbers(200 + file);
  const name = (n: number) => {
    const renamed = later && (n + file) % 5 === 0 ? n + 1 : n;
    return `${'abcdefghijklmnop'[renamed % 16]}${'QRSTUVWXYZ'[n % 10]}`;
  };
  let text = `import{${name(1)}}from"/$bunfs/root/chunk-${digest((file + 7) % FILES, later)}.js";`;
  for (let i = 0; i < 40; i++) {
    const [a, b, c] = [next() % 60, next() % 60, next() % 1000];
    text += `var ${name(a)}=${name(b)}.map((e)=>e.id===${c}?${name(a)}(e):[{id:"model-${c}",cost:{input:${c / 10}}`;
    if (later) text += `,origin:"maker-${c % 7}"`;
    text += `}]);export{${name(b)} as ${name((c % 60) + 1)}};`;
  }
  return text;
}
