/** The folder that names of files are meant from. */
import path from 'node:path';

const OURS = path.resolve(import.meta.dir, '../../package.json');

/** `npm run` goes to the folder of the package, which need not be the one in which `npm --prefix <clone> run release` was typed. */
export function goWhereTyped(): void {
  const { INIT_CWD, npm_lifecycle_event, npm_package_json } = process.env;
  if (npm_lifecycle_event === 'release' && npm_package_json === OURS && INIT_CWD) process.chdir(INIT_CWD);
}
