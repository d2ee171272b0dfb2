/**
 * Runs the test files again in which tests failed, one after the other, with nothing beside them. `.ci/run` calls it with the
 * JUnit report of the whole run and the number of failures that bun counted. Exits with 0 if all of them pass now. Such tests are
 * printed as unsteady, with what they said: there is a fault in the test or in the program, which has to be mended, but no
 * reason to throw a change away that has nothing to do with it.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

const [report = '', counted = ''] = process.argv.slice(2);
const print = (line) => process.stdout.write(`${line}\n`);

/** More than that is no matter of load. */
const MOST = 3;

const ENTITIES = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&', '#10': '\n' };
const plain = (text) => text.replaceAll(/&(#10|[a-z]+);/g, (whole, name) => ENTITIES[name] ?? whole);

const failures = [];
for (const [, attributes, content] of fs
  .readFileSync(report, 'utf8')
  .matchAll(/<testcase ([^>]*[^/>])>(.*?)<\/testcase>/gs)) {
  const said = /<failure[^>]*>(.*?)<\/failure>|<failure[^>]*message="([^"]*)"/s.exec(content);
  if (!content.includes('<failure')) continue;
  const of = (name) => plain(new RegExp(` ${name}="([^"]*)"`).exec(` ${attributes}`)?.[1] ?? '');
  failures.push({
    name: [of('classname'), of('name')].filter(Boolean).join(' > '),
    file: of('file'),
    said: plain(said?.[1] ?? said?.[2] ?? ''),
  });
}

for (const { name, file, said } of failures) print(`\nfailed: ${file}: ${name}\n${said}`);
if (failures.length !== Number(counted) || failures.length > MOST) process.exit(1);
const files = [...new Set(failures.map(({ file }) => file))];
print(`\nagain, alone: ${files.join(' ')}`);
const { status } = spawnSync('npx', ['bun', 'test', '--timeout', '600000', ...files], { stdio: 'inherit' });
if (status !== 0) process.exit(1);
for (const { name, file } of failures) print(`unsteady: ${file}: ${name}`);
