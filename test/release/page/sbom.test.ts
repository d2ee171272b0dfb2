/** The bill of materials says what is in the executable. */
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { makeBom } from '../../../release/work/sbom.ts';

const TOP = path.resolve(import.meta.dir, '../../..');
const lock = readFileSync(path.join(TOP, 'package-lock.json'));

interface Bom {
  serialNumber: string;
  metadata: { component: { 'bom-ref': string } };
  components: {
    name: string;
    group?: string;
    version: string;
    purl: string;
    hashes?: { content: string }[];
  }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

const bom = JSON.parse(new TextDecoder().decode(makeBom(lock))) as Bom;
const nameOf = ({ group, name }: Bom['components'][number]) =>
  group === undefined ? name : `${group}/${name}`;

test('it lists every package of which something is compiled into the updater', async () => {
  const built = await Bun.build({
    entrypoints: [path.join(TOP, 'updater.ts')],
    target: 'bun',
    sourcemap: 'external',
    splitting: true,
    define: { BUILD_SETTINGS: '{}' },
    loader: { '.wasm': 'file' },
  });
  expect(built.success).toBe(true);
  const maps = built.outputs.filter(({ kind }) => kind === 'sourcemap');
  const used = new Set<string>();
  for (const map of maps) {
    for (const source of JSON.parse(await map.text()).sources as string[]) {
      const [, found] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source) ?? [];
      if (found !== undefined) used.add(found);
    }
  }
  expect(used.size).toBeGreaterThan(5);
  const listed = bom.components.map(nameOf);
  expect([...used].filter((name) => !listed.includes(name))).toEqual([]);
  expect(listed).toContain('bun');
  expect(listed).not.toContain('typescript');
});

test('versions are those that are installed, digests those of the lock file', () => {
  for (const component of bom.components) {
    const at = path.join(TOP, 'node_modules', nameOf(component), 'package.json');
    expect([at, component.version]).toEqual([at, JSON.parse(readFileSync(at, 'utf8')).version]);
    if (nameOf(component) === 'bun') continue;
    const { integrity } = JSON.parse(lock.toString()).packages[`node_modules/${nameOf(component)}`];
    expect(component.hashes?.[0]?.content).toBe(Buffer.from(integrity.slice(7), 'base64').toString('hex'));
  }
});

test('every reference is to something that it lists, and each component is there once', () => {
  const known = [bom.metadata.component['bom-ref'], ...bom.components.map(({ purl }) => purl)];
  expect(new Set(known).size).toBe(known.length);
  for (const { ref, dependsOn } of bom.dependencies) {
    expect([ref, ...dependsOn].filter((one) => !known.includes(one))).toEqual([]);
  }
  const [first] = bom.dependencies;
  expect(first?.dependsOn).toContain('pkg:npm/%40clack/prompts@1.9.0');
  const reached = new Set(bom.dependencies.flatMap(({ dependsOn }) => dependsOn));
  expect(bom.components.map(({ purl }) => purl).filter((purl) => !reached.has(purl))).toEqual([]);
});

test('the same lock file gives the same bytes, another one another serial number', () => {
  expect(makeBom(lock)).toEqual(makeBom(lock));
  const other = lock.toString().replace('"version": "1.9.0"', '"version": "1.9.1"');
  const { serialNumber } = JSON.parse(new TextDecoder().decode(makeBom(new TextEncoder().encode(other))));
  expect(serialNumber).not.toBe(bom.serialNumber);
  expect(serialNumber).toMatch(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  expect(() => makeBom(new TextEncoder().encode('{"lockfileVersion":2}'))).toThrow(
    'wanted lockfileVersion 3',
  );
});
