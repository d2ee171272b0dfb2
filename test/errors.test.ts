/** What a caller can rely on in an error, in a minified program as well, where the classes have other names. */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Prints the name by which each error class is exported, and the name that its errors have. */
const PROGRAM = `
  import * as api from ${JSON.stringify(path.join(import.meta.dir, '../lib/index.ts'))};
  const classes = Object.entries(api).filter(([, value]) => value.prototype instanceof api.UpdaterError);
  console.log(JSON.stringify(classes.map(([name, Class]) => [name, new Class('a message').name])));
`;

test('errors keep their names when the program is minified', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-errors-'));
  try {
    const entry = path.join(folder, 'program.ts');
    fs.writeFileSync(entry, PROGRAM);
    const arguments_ = ['build', '--minify', '--target=bun', `--outdir=${path.join(folder, 'out')}`, entry];
    const built = Bun.spawnSync([process.execPath, ...arguments_]);
    expect({ code: built.exitCode, errors: built.stderr.toString() }).toEqual({ code: 0, errors: '' });
    const ran = Bun.spawnSync([process.execPath, path.join(folder, 'out', 'program.js')]);
    const names = JSON.parse(ran.stdout.toString()) as [string, string][];
    expect(names.length).toBeGreaterThanOrEqual(10);
    for (const [exported, own] of names) expect(own).toBe(exported);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
