import { ptr } from 'bun:ffi';
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import { MixingModule } from '../../lib/delta/mixing/module.ts';

const FILES = 64 << 20;
const isHere = process.platform === 'linux' && fs.existsSync('/sys/kernel/mm/transparent_hugepage');

/** What the kernel knows of the memory in this process that holds an address. */
function flagsAt(address: number): string[] {
  const areas = fs.readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[\da-f]+-[\da-f]+ )/m);
  for (const area of areas) {
    const [, start = '', end = ''] = /^([\da-f]+)-([\da-f]+) /.exec(area) ?? [];
    if (Number.parseInt(start, 16) > address || address >= Number.parseInt(end, 16)) continue;
    return /^VmFlags: (.*)$/m.exec(area)?.[1]?.trim().split(' ') ?? [];
  }
  throw new Error(`no memory at ${address.toString(16)}`);
}

test.skipIf(!isHere)('tables are in huge pages if there are any, the files in small ones', () => {
  const module = MixingModule.open(false, FILES, 1);
  const start = ptr(new Uint8Array(module.memory.buffer));
  const size = module.memory.buffer.byteLength;
  expect(size).toBeGreaterThan(FILES);
  expect(flagsAt(start + FILES / 2)).not.toContain('hg');
  expect(flagsAt(start + size)).toContain('hg');
});
