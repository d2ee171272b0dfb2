/**
 * What the quick commands load. An import in the wrong place brings half of the program along, and nothing but time
 * shows it (test/bench/start-up.ts), which is hard to test: here it is read from the bundle.
 */
import { expect, test } from 'bun:test';
import path from 'node:path';

const TOP = path.resolve(import.meta.dir, '../..');

const bundle = await Bun.build({
  entrypoints: [path.join(TOP, 'updater.ts')],
  target: 'bun',
  splitting: true,
  minify: true,
  metafile: true,
});

/** What is loaded once these modules have been imported: of the runtime, of packages, and how much code there is. */
function loaded(...modules: string[]) {
  const { inputs, outputs } = bundle.metafile ?? { inputs: {}, outputs: {} };
  const chunks = new Set<string>();
  const visit = (chunk: string) => {
    if (chunks.has(chunk)) return;
    chunks.add(chunk);
    for (const { path: next, kind } of outputs[chunk]?.imports ?? [])
      if (kind === 'import-statement') visit(next);
  };
  for (const module of modules) {
    // The bundler names files as seen from the working directory.
    const file = path.relative(process.cwd(), path.join(TOP, module)).replaceAll('\\', '/');
    const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === file);
    if (found === undefined) throw new Error(`${module} is not a part of its own`);
    visit(found[0]);
  }
  const all = [...chunks].map((chunk) => outputs[chunk]);
  const files = all.flatMap((output) =>
    Object.entries(output?.inputs ?? {})
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([file]) => file),
  );
  const builtIn = files.flatMap((file) =>
    (inputs[file]?.imports ?? [])
      .filter(({ external, kind }) => external === true && kind === 'import-statement')
      .map((entry) => entry.path),
  );
  return {
    builtIn: [...new Set(builtIn)].sort(),
    packages: files.filter((file) => file.includes('node_modules/')),
    bytes: all.reduce((sum, output) => sum + (output?.bytes ?? 0), 0),
  };
}

const PACKAGES_OF_A_CHECK = [
  ...['@noble/hashes', '@tufjs/canonical-json', '@tufjs/models'],
  ...['balanced-match', 'brace-expansion', 'minimatch', 'tuf-js'],
];

test('--version and --help', () => {
  const { builtIn, packages, bytes } = loaded(
    'updater.ts',
    'lib/ui/text/help.ts',
    'lib/ui/text/help-page.ts',
  );
  expect({ builtIn, packages }).toEqual({ builtIn: ['path'], packages: [] });
  expect(bytes).toBeLessThan(50_000);
});

test('status', () => {
  const { builtIn, packages, bytes } = loaded(
    'updater.ts',
    'lib/platform/native.ts',
    'lib/ui/status-command.ts',
  );
  expect({ builtIn, packages }).toEqual({
    builtIn: ['bun:ffi', 'fs', 'path', 'path/win32'],
    packages: [],
  });
  expect(bytes).toBeLessThan(134_000);
});

test('a check that finds nothing', () => {
  const { builtIn, packages, bytes } = loaded(
    'updater.ts',
    'lib/platform/native.ts',
    'lib/ui/check-command.ts',
  );
  expect(builtIn).toEqual(['bun:ffi', 'fs', 'path', 'path/win32']);
  // What reads the feed, which loads node:crypto. What computes on the curve is not needed: signatures are verified natively.
  const names = packages.map((file) => /node_modules\/((@[^/]+\/)?[^/]+)/.exec(file)?.[1]);
  expect([...new Set(names)].sort()).toEqual(PACKAGES_OF_A_CHECK);
  expect(bytes).toBeLessThan(256_000);
});
