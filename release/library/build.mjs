// Makes dist/lib, which `npm pack` puts into the package: the library as JavaScript, the files that it embeds, and its
// declarations. Run by npm's `prepack`, with nothing but Node.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { publicDeclarations } from './declarations.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const top = path.dirname(path.dirname(here));
const dist = path.join(top, 'dist');
mkdirSync(dist, { recursive: true });
// Built beside its place, so that a build that fails leaves the last one as it was.
const work = mkdtempSync(path.join(dist, '.library-'));
const library = path.join(work, 'lib');
try {
  compile();
  copyEmbedded();
  replaceDeclarations();
  writeManifest();
  for (const name of ['lib', 'package.json']) {
    rmSync(path.join(dist, name), { recursive: true, force: true });
    renameSync(path.join(work, name), path.join(dist, name));
  }
} catch (error) {
  console.error(`the library was not built: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

function compile() {
  const tsc = path.join(top, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', here, '--outDir', work];
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`tsc -p ${here} ended with ${status}`);
}

/** What is imported `with { type: 'file' }`, which tsc leaves where it is. */
function copyEmbedded() {
  for (const name of readdirSync(path.join(top, 'lib'), { recursive: true })) {
    if (name.endsWith('.wasm')) copyFileSync(path.join(top, 'lib', name), path.join(library, name));
  }
}

function replaceDeclarations() {
  const index = path.join(library, 'index.d.ts');
  const declarations = publicDeclarations(index);
  for (const name of readdirSync(library, { recursive: true })) {
    if (name.endsWith('.d.ts')) rmSync(path.join(library, name));
  }
  writeFileSync(index, declarations);
}

/** The library reads its version from `../package.json`. tsc copies all of it: a second list of scripts and exports would mislead. */
function writeManifest() {
  const { name, version, type, sideEffects } = JSON.parse(
    readFileSync(path.join(top, 'package.json'), 'utf8'),
  );
  // `sideEffects` is read from the manifest that is nearest to a module.
  const manifest = JSON.stringify({ name, version, private: true, type, sideEffects }, null, 2);
  writeFileSync(path.join(work, 'package.json'), `${manifest}\n`);
}
