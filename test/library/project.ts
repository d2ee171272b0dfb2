/** What a user of the library does: an empty project into which the packed library is installed. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { type Ran, run } from '../support/workshop.ts';
import { openRegistry } from './registry.ts';

const TOP = path.resolve(import.meta.dir, '../..');
const TSC = path.join(TOP, 'node_modules/typescript/bin/tsc');

export interface Project extends Disposable {
  folder: string;
  /** Of the installed library. */
  library: string;
  /** Writes the file and resolves to its path. */
  write(name: string, content: string): string;
  /** The exit code and the messages of tsc over these files. */
  typeCheck(files: string[], options?: object): Promise<{ code: number | null; messages: string }>;
}

/** Packs the library with `npm pack` and installs it with `npm install`. */
export async function openProject(): Promise<Project> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-project-'));
  const project: Project = {
    folder,
    library: path.join(folder, 'node_modules', packageJson.name),
    write(name, content) {
      const file = path.join(folder, name);
      fs.writeFileSync(file, content);
      return file;
    },
    async typeCheck(files, options = {}) {
      const config = project.write(
        'tsconfig.json',
        JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files }),
      );
      const { code, stdout, stderr } = await run('node', [TSC, '-p', config], { cwd: folder });
      return { code, messages: stdout + stderr };
    },
    [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
  await npm(['pack', '--pack-destination', folder], TOP);
  const packed = fs.readdirSync(folder).find((name) => name.endsWith('.tgz'));
  const { devDependencies } = packageJson;
  project.write(
    'package.json',
    JSON.stringify({
      private: true,
      type: 'module',
      dependencies: { [packageJson.name]: `file:${packed}` },
      devDependencies: { 'bun-types': devDependencies['bun-types'] },
    }),
  );
  await using registry = openRegistry(path.join(TOP, 'node_modules'));
  const from = ['--registry', registry.url, '--cache', path.join(folder, '.npm'), '--prefix', folder];
  await npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', ...from], folder);
  return project;
}

/** What the strictest projects ask of declarations. Types of Bun or Node come from the project alone. */
const STRICT = {
  module: 'NodeNext',
  target: 'ESNext',
  types: [],
  strict: true,
  noPropertyAccessFromIndexSignature: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noEmit: true,
};

async function npm(args: string[], cwd: string): Promise<Ran> {
  const ran = await run(Bun.which('npm') ?? 'npm', args, {
    cwd,
    env: { NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' },
  });
  if (ran.code !== 0) throw new Error(`npm ${args.join(' ')} ended with ${ran.code}: ${ran.stderr}`);
  return ran;
}
