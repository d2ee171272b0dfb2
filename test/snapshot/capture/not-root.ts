/** What only somebody without root's rights can try: folders and files that their owner may not write, or read. */
import fs from 'node:fs';
import { join } from 'node:path';
import { openWorkshop, picture } from '../workshop.ts';

const workshop = openWorkshop({ home: process.argv[2] ?? '' });
const root = workshop.root('data');
fs.mkdirSync(join(root, 'locked/below'), { recursive: true });
fs.writeFileSync(join(root, 'locked/file'), 'then', { mode: 0o444 });
fs.writeFileSync(join(root, 'locked/below/file'), 'then', { mode: 0o444 });
for (const folder of ['locked/below', 'locked']) fs.chmodSync(join(root, folder), 0o555);
fs.chmodSync(root, 0o555);
const before = [...picture(root)].sort();
const snapshot = await workshop.take();

for (const folder of ['', 'locked', 'locked/below']) fs.chmodSync(join(root, folder), 0o755);
fs.rmSync(join(root, 'locked/below'), { recursive: true });
fs.writeFileSync(join(root, 'locked/more'), 'now');
fs.chmodSync(join(root, 'locked'), 0o555);
fs.writeFileSync(join(root, 'new'), 'now');
fs.chmodSync(root, 0o555);
await workshop.restore(snapshot);
const after = [...picture(root)].sort();
const mode = fs.statSync(root).mode & 0o777;

fs.chmodSync(root, 0o755);
fs.writeFileSync(join(root, 'secret'), 'x', { mode: 0o000 });
fs.mkdirSync(join(root, 'closed'), { mode: 0o000 });
const left = (await workshop.take()).warnings.length;
fs.chmodSync(join(root, 'closed'), 0o700);
for (const folder of ['locked', 'locked/below']) fs.chmodSync(join(root, folder), 0o755);
const same = JSON.stringify(before) === JSON.stringify(after) && mode === 0o555;
console.log(same ? `the same, ${left} left out` : JSON.stringify({ before, after, mode }, null, 1));
