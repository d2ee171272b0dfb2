/**
 * Patches as they were written once. They are never made anew: whatever this updater becomes, it reads them. A new
 * version of the format gets a folder of its own.
 */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { readPatchHeader } from '../../lib/delta/index.ts';
import { memorySource } from '../../lib/platform/files.ts';
import { applyPlainly } from './reference.ts';
import { apply } from './support.ts';

const FOLDER = path.join(import.meta.dir, '..', 'vectors', 'patch-v1');
const names = fs
  .readdirSync(FOLDER)
  .filter((file) => file.endsWith('.patch'))
  .map((file) => file.slice(0, -'.patch'.length));
const read = (name: string, kind: string) =>
  Uint8Array.from(fs.readFileSync(path.join(FOLDER, `${name}.${kind}`)));

test('the vectors are there', () => {
  expect(names.sort()).toEqual([
    'addresses-moved',
    'blocks-moved',
    'carries',
    'fast-archive',
    'fast-arm-words',
    'fast-bundle',
    'fast-bytecode-shared',
    'fast-elf-x86-64',
    'fast-instructions-riscv',
    'fast-script-lanes',
    'fast-words-arm',
    'fast-words-thumb',
    'fourth-archive-wasm',
    'fourth-arm-words',
    'fourth-debug-object-coff',
    'fourth-debug-object-own-file',
    'fourth-elf-dwarf',
    'fourth-elf-x86-64',
    'fourth-instructions-riscv',
    'fourth-instructions-s390x',
    'fourth-java-classes',
    'fourth-mach-o-arm64',
    'fourth-minified',
    'fourth-object-arm64',
    'fourth-own-pointers',
    'fourth-records',
    'fourth-wasm',
    'fourth-wasm-dwarf',
    'fourth-words-arm',
    'fourth-words-thumb',
    'fourth-words-xcoff',
    'mixing-bulk',
    'mixing-bundle',
    'mixing-dart',
    'mixing-elf-arm',
    'mixing-elf-arm64',
    'mixing-elf-debug',
    'mixing-elf-mips',
    'mixing-elf-power',
    'mixing-elf-riscv',
    'mixing-elf-s390x',
    'mixing-elf-symbols',
    'mixing-elf-unwinding',
    'mixing-elf-x86',
    'mixing-elf-x86-64',
    'mixing-go-arm',
    'mixing-go-s390x',
    'mixing-go-types-32',
    'mixing-go-types-big',
    'mixing-go-wasm',
    'mixing-lanes',
    'mixing-light-bulk',
    'mixing-mach-o-addresses',
    'mixing-mach-o-arm64',
    'mixing-mach-o-parts',
    'mixing-mach-o-symbols',
    'mixing-pe-x86-64',
    'mixing-script',
    'mixing-universal',
    'mixing-wasm',
    'nothing-to-nothing',
    'nothing-to-something',
    'packed-archive',
    'packed-firmware-archive',
    'packed-go-elf',
    'packed-go-elf-fast',
    'packed-intel-hex',
    'packed-mach-o',
    'packed-mach-o-lanes',
    'packed-modules',
    'packed-s-records',
    'packed-uf2',
    'runs-of-every-length',
    'second-debug-object-mach-o',
    'second-elf-loongarch',
    'second-elf-mips-pointer',
    'second-elf-power-big',
    'second-elf-power-pointer',
    'second-elf-riscv',
    'second-elf-thumb',
    'second-elf-x86',
    'second-elf-x86-64',
    'second-lanes',
    'second-linux-module',
    'second-mach-o-arm64',
    'second-records',
    'second-script',
    'second-words-loongarch',
    'second-words-mips',
    'second-xcoff',
    'short-bsdiff',
    'short-equal',
    'short-mixing',
    'something-to-nothing',
    'third-archive-lanes',
    'third-archive-mach-o',
    'third-archive-wasm-lanes',
    'third-arm-words',
    'third-arm-words-lanes',
    'third-arm-words-loongarch',
    'third-assemblies',
    'third-assemblies-lanes',
    'third-bundle',
    'third-bytecode',
    'third-bytecode-shared',
    'third-debug-object-i386',
    'third-debug-object-x86-64',
    'third-elf-dwarf-32',
    'third-elf-riscv',
    'third-elf-thumb',
    'third-elf-x86-64',
    'third-import-library',
    'third-instructions-riscv',
    'third-instructions-s390x-lanes',
    'third-java-classes',
    'third-java-classes-lanes',
    'third-lanes',
    'third-late',
    'third-later-archive',
    'third-later-imports',
    'third-later-lanes',
    'third-mach-o-arm64',
    'third-managed',
    'third-managed-large',
    'third-minified',
    'third-native-image',
    'third-native-image-lanes',
    'third-object-arm64',
    'third-object-i386',
    'third-object-ppc',
    'third-object-s390x',
    'third-object-wasm',
    'third-own-pointers',
    'third-own-pointers-lanes',
    'third-records',
    'third-wasm-dwarf-lanes',
    'third-words-arm',
    'third-words-arm-fixed-lanes',
    'third-words-mips-pointer',
    'third-words-power',
    'third-words-thumb',
    'third-words-thumb-fixed-lanes',
    'third-words-thumb-loads',
  ]);
});

describe.each(names)('%s', (name) => {
  const patch = read(name, 'patch');

  test('has the header that it had', () => {
    const wanted = JSON.parse(Buffer.from(read(name, 'json')).toString());
    expect(readPatchHeader(memorySource(patch))).toEqual(wanted);
  });

  test('applies', async () => {
    expect(Buffer.compare(await apply(patch, read(name, 'old')), read(name, 'new'))).toBe(0);
  });

  test('applies by the independent decoder', () => {
    expect(Buffer.compare(applyPlainly(patch, read(name, 'old')), read(name, 'new'))).toBe(0);
  });
});
