// Compiles the modules of WebAssembly into lib/delta: `npm run build:wasm`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const at = (name) => fileURLToPath(new URL(name, import.meta.url));
const compiler = at('../../../node_modules/assemblyscript/bin/asc.js');

for (const [config, ...options] of [
  ['asconfig.json'],
  ['mixing/asconfig.json', '--transform', at('mixing/variables.mjs')],
  ['deflate/asconfig.json'],
]) {
  const { status } = spawnSync(process.execPath, [compiler, '--config', at(config), ...options], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
