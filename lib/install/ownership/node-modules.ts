/** Packages of npm, pnpm, Yarn and Bun: a folder in `node_modules` whose `package.json` says which package it is. */
import { shellWord } from '../../format/printable.ts';
import { type Evidence, type Owner, word, words } from './evidence.ts';

/** Null if the file is in no such package. */
export function nodeOwner(evidence: Evidence): Owner | null {
  const own = packageAround(evidence);
  if (own === null) return null;
  const roots = evidence.folders.filter((folder) => evidence.name(folder) === 'node_modules');
  const main = packageWithCommand(evidence, roots, own.name) ?? own;
  return { ...commandFor(evidence, roots, main.name), package: main.name, evidence: own.file };
}

interface NodePackage {
  name: string;
  /** Its package.json. */
  file: string;
}

/** The innermost package that the file is in. */
function packageAround(evidence: Evidence): NodePackage | null {
  for (const folder of evidence.folders) {
    const parent = evidence.parent(folder);
    const scoped = evidence.name(parent).startsWith('@');
    if (evidence.name(scoped ? evidence.parent(parent) : parent) !== 'node_modules') continue;
    const file = evidence.join(folder, 'package.json');
    const { name, version } = evidence.object(file) ?? {};
    const known = packageName(name);
    return known === null || typeof version !== 'string' ? null : { name: known, file };
  }
  return null;
}

/**
 * The package that a person installs. The executable is often in another one, for one platform, of which that is the reason:
 * it is among its dependencies, and the command that people type is in `bin`.
 */
function packageWithCommand(
  evidence: Evidence,
  roots: readonly string[],
  platformPackage: string,
): NodePackage | null {
  for (const root of roots) {
    for (const file of manifestsIn(evidence, root)) {
      const { name, bin, dependencies, optionalDependencies } = evidence.object(file) ?? {};
      const known = packageName(name);
      if (known === null || bin === undefined) continue;
      const needs = [dependencies, optionalDependencies].some(
        (list) => typeof list === 'object' && list !== null && Object.hasOwn(list, platformPackage),
      );
      if (needs) return { name: known, file };
    }
  }
  return null;
}

/** `name` or `@scope/name`. Without the scope a slash would mean a repository of GitHub. */
function packageName(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  return (value.startsWith('@') ? words(value.slice(1), '/') : word(value)) === null ? null : value;
}

function manifestsIn(evidence: Evidence, root: string): string[] {
  return evidence.list(root).flatMap((name) => {
    const folder = evidence.join(root, name);
    if (!name.startsWith('@')) return name.startsWith('.') ? [] : [evidence.join(folder, 'package.json')];
    return evidence.list(folder).map((scoped) => evidence.join(folder, scoped, 'package.json'));
  });
}

/** Which of the managers it was, by what each leaves beside the outermost `node_modules`. */
function commandFor(
  evidence: Evidence,
  roots: readonly string[],
  name: string,
): Pick<Owner, 'manager' | 'command'> {
  const outermost = roots.at(-1) ?? '';
  const project = evidence.parent(outermost);
  const has = (...files: string[]) =>
    files.some((file) => evidence.has(project, file) || evidence.has(outermost, file));
  const above = [project, evidence.parent(project)].map((folder) => evidence.name(folder));
  const isGlobal = above.includes('global') || !evidence.has(project, 'package.json');
  const where = shellWord(project);
  const package_ = `${name}@latest`;
  if (has('bun.lock', 'bun.lockb'))
    return { manager: 'Bun', command: `bun add ${isGlobal ? '-g' : `--cwd ${where}`} ${package_}` };
  if (has('.modules.yaml', 'pnpm-lock.yaml'))
    return { manager: 'pnpm', command: `pnpm ${isGlobal ? 'add -g' : `--dir ${where} add`} ${package_}` };
  if (has('.yarn-integrity', '.yarn-state.yml', 'yarn.lock'))
    return { manager: 'Yarn', command: `yarn ${isGlobal ? 'global' : `--cwd ${where}`} add ${package_}` };
  const { _npx } = evidence.object(evidence.join(project, 'package.json')) ?? {};
  if (_npx !== undefined) return { manager: 'npx', command: `npx ${package_}` };
  return { manager: 'npm', command: `npm install ${isGlobal ? '-g' : `--prefix ${where}`} ${package_}` };
}
