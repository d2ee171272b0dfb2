/**
 * Makes a compiled program deaf to two variables with which Bun turns it into something else: with BUN_BE_BUN it is the Bun
 * CLI, so that `dgmo-updater update` installs what a package.json in the working folder says; with BUN_OPTIONS it runs
 * foreign code before its own. Bun has no option for that, and our code comes too late.
 *
 * The names stand in Bun's part of the executable. They are changed into names that no variable can have, since `=` ends a
 * name. How often each stands there is known, so that an edit never reaches anything else: with another version of Bun the
 * build fails, and whoever updates it looks again.
 *
 * macOS has the SHA-256 of each page in the executable (its ad hoc signature), and ends a program that has another page.
 */
import { DamagedError } from '../../lib/errors.ts';

export interface Edit {
  offset: number;
  bytes: Uint8Array;
}

const NAMES = [
  { name: 'BUN_BE_BUN', changed: 'BUN=BE_BUN', count: 1 },
  { name: 'BUN_OPTIONS', changed: 'BUN=OPTIONS', count: 2 },
];

/**
 * What to write into the executable, and where.
 *
 * @param executable as `bun build --compile` has made it
 * @throws DamagedError if a name does not occur as often as it should, or the signature of macOS is not as expected
 */
export function environmentEdits(executable: Uint8Array): Edit[] {
  const whole = Buffer.from(executable.buffer, executable.byteOffset, executable.length);
  const edits = NAMES.flatMap(({ name, changed, count }) => {
    const found = occurrences(whole, name);
    if (found.length !== count)
      throw new DamagedError(
        `the name ${name} was found ${found.length} times in the executable, wanted ${count}`,
      );
    return found.map((offset) => ({ offset, bytes: Buffer.from(changed) }));
  });
  return [...edits, ...signatureEdits(whole, edits)];
}

function occurrences(whole: Buffer, name: string): number[] {
  const found: number[] = [];
  for (let at = whole.indexOf(name); at !== -1; at = whole.indexOf(name, at + 1)) found.push(at);
  return found;
}

const MACH_O_64 = 0xfeedfacf;
const LC_CODE_SIGNATURE = 0x1d;
const CODE_DIRECTORY = 0xfade0c02;
const SHA_256 = 2;

/** The new digests of the pages that are edited; none if the executable is not signed. */
function signatureEdits(whole: Buffer, edits: readonly Edit[]): Edit[] {
  const directory = codeDirectory(whole);
  if (directory === null) return [];
  const [hashes, limit] = [
    directory + whole.readUInt32BE(directory + 16),
    whole.readUInt32BE(directory + 32),
  ];
  const page = 2 ** whole.readUInt8(directory + 39);
  if (whole.readUInt8(directory + 37) !== SHA_256 || whole.readUInt8(directory + 36) !== 32)
    throw new DamagedError('the signature of the executable is not made of SHA-256');
  const pages = new Set(
    edits.flatMap(({ offset, bytes }) =>
      [offset, offset + bytes.length - 1].map((at) => Math.floor(at / page)),
    ),
  );
  return [...pages].map((index) => {
    const start = index * page;
    const content = Buffer.from(whole.subarray(start, Math.min(start + page, limit)));
    const offset = hashes + 32 * index;
    if (!digest(content).equals(whole.subarray(offset, offset + 32)))
      throw new DamagedError(`page ${index} of the executable is not what its signature says`);
    for (const edit of edits) {
      for (const [at, byte] of edit.bytes.entries()) {
        const inPage = edit.offset + at - start;
        if (inPage >= 0 && inPage < content.length) content[inPage] = byte;
      }
    }
    return { offset, bytes: digest(content) };
  });
}

function digest(bytes: Uint8Array): Buffer {
  return Buffer.from(new Bun.CryptoHasher('sha256').update(bytes).digest());
}

/** Where the code directory begins; null if the executable is none of macOS, or not signed. */
function codeDirectory(whole: Buffer): number | null {
  if (whole.readUInt32LE(0) !== MACH_O_64) return null;
  const commands = whole.readUInt32LE(16);
  for (let index = 0, at = 32; index < commands; index++, at += whole.readUInt32LE(at + 4)) {
    if (whole.readUInt32LE(at) !== LC_CODE_SIGNATURE) continue;
    const blob = whole.readUInt32LE(at + 8);
    const count = whole.readUInt32BE(blob + 8);
    for (let entry = 0; entry < count; entry++) {
      const directory = blob + whole.readUInt32BE(blob + 16 + 8 * entry);
      if (whole.readUInt32BE(directory) === CODE_DIRECTORY) return directory;
    }
    throw new DamagedError('the signature of the executable has no code directory');
  }
  return null;
}
