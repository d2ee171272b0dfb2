/**
 * One measured piece of work in a process of its own, so that its peak memory is its own:
 * `bun delta-child.ts generate|apply|floor|compress|decompress ...`. Prints one line of JSON (Measured, delta.ts).
 */
import fs from 'node:fs';
import {
  applyPatch,
  compressFramed,
  decompressFull,
  generatePatch,
  readPatchHeader,
} from '../../lib/delta/index.ts';
import { ANY_SIZE, digestFile, openSource, writeAll } from '../../lib/platform/files.ts';
import { nativeDisk } from '../../lib/platform/native-disk.ts';
import { NewFile } from '../../lib/platform/replacement/new-file.ts';

const tasks: Record<string, (...paths: string[]) => Promise<void>> = {
  async generate(old = '', fresh = '', patch = '') {
    const made = await generatePatch({
      old: fs.readFileSync(old),
      new: fs.readFileSync(fresh),
      fromVersion: '1.0.0',
      toVersion: '1.0.1',
    });
    fs.writeFileSync(patch, made);
  },

  /** From the patch to a new file that is verified, flushed, and read back. */
  async apply(old = '', patch = '', fresh = '') {
    const sources = { old: openSource(nativeDisk, old), patch: openSource(nativeDisk, patch) };
    const { toSize } = readPatchHeader(sources.patch);
    const file = await NewFile.create(nativeDisk, fresh, 0o700, toSize);
    const write = (chunk: Uint8Array) => file.write(chunk);
    await applyPatch({ ...sources, write, readBack: () => file.readBack() });
    file.flush();
    file.close();
  },

  /** A whole binary as a package carries it. */
  async compress(file = '', level = '', framed = '') {
    fs.writeFileSync(framed, await compressFramed(fs.readFileSync(file), { level: Number(level) }));
  },

  async decompress(framed = '', size = '', file = '') {
    const source = openSource(nativeDisk, framed);
    const handle = nativeDisk.open(file, 'create');
    let done = 0;
    await decompressFull({
      form: 'frames',
      source,
      size: Number(size),
      write(chunk) {
        writeAll(nativeDisk, handle, chunk, done);
        done += chunk.length;
      },
    });
    nativeDisk.close(handle);
  },

  /** What no safe update can do without: digest the old, copy, flush, digest the new. */
  async floor(old = '', fresh = '', copy = '') {
    digestFile(nativeDisk, old, ANY_SIZE);
    fs.copyFileSync(fresh, copy);
    const handle = nativeDisk.open(copy, 'update');
    nativeDisk.flush(handle);
    nativeDisk.close(handle);
    digestFile(nativeDisk, copy, ANY_SIZE);
  },
};

const [, , task = '', ...paths] = process.argv;
const begun = performance.now();
await tasks[task]?.(...paths);
const milliseconds = performance.now() - begun;
console.log(JSON.stringify({ milliseconds, peak: peak() }));

/** Bytes. Where there is /proc, the high-water mark there: maxRSS counts what the parent had when it forked, too. */
function peak(): number {
  if (!fs.existsSync('/proc/self/status')) return process.resourceUsage().maxRSS * 1024;
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}
