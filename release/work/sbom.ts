/**
 * A bill of materials of the updater: CycloneDX 1.6 in JSON, from package-lock.json. It lists what is in the executable, which is the
 * packages that it depends on at run time, and Bun, which carries it; tools that only build and test are not in it.
 *
 * The same lock file gives the same bytes: there is no time in it, and the serial number is made of its content.
 *
 * https://cyclonedx.org/docs/1.6/json/
 */
import { createHash } from 'node:crypto';
import { DamagedError } from '../../lib/errors.ts';
import { parseJson } from '../../lib/format/json.ts';

/** What is read of an entry of `packages`; npm writes more. */
interface LockedPackage {
  version?: string;
  license?: string;
  integrity?: string;
  dev?: boolean;
  dependencies?: Record<string, string>;
}

interface Lock {
  lockfileVersion: number;
  packages: Record<string, LockedPackage>;
}

interface Component {
  type: 'library' | 'platform' | 'application';
  'bom-ref': string;
  name: string;
  group?: string;
  version: string;
  licenses?: ({ license: { id: string } } | { expression: string })[];
  hashes?: { alg: 'SHA-512'; content: string }[];
  purl: string;
}

const PREFIX = 'node_modules/';
/** The runtime is a tool for npm, and the largest part of the executable. */
const RUNTIME = 'bun';
const MAX_LOCK = 16 << 20;

/** `lock`: of package-lock.json. DamagedError if it is none of npm 7 or newer. */
export function makeBom(lock: Uint8Array): Uint8Array {
  const read = parseJson(lock, 'package-lock.json', MAX_LOCK) as unknown as Lock;
  if (read.lockfileVersion !== 3) {
    throw new DamagedError(`package-lock.json: wanted lockfileVersion 3, found ${read.lockfileVersion}`, {
      advice: 'Restore it from the repository of the updater, as `git checkout package-lock.json` does.',
    });
  }
  const { '': root = {}, ...others } = read.packages;
  const included = Object.entries(others).filter(
    ([path, entry]) => entry.dev !== true || path === `${PREFIX}${RUNTIME}`,
  );
  const application = componentOf(`${PREFIX}dgmo-updater`, root, 'application');
  const components = included
    .map(([path, entry]) => componentOf(path, entry, path === `${PREFIX}${RUNTIME}` ? 'platform' : 'library'))
    .sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
  const paths = new Set(included.map(([path]) => path));
  const references = (path: string, entry: LockedPackage) =>
    Object.keys(entry.dependencies ?? {}).flatMap((name) => {
      const found = resolve(path, name, paths);
      return found === null ? [] : [componentOf(found, others[found] ?? {}, 'library')['bom-ref']];
    });
  const dependencies = [
    {
      ref: application['bom-ref'],
      dependsOn: [
        ...references('', root),
        purlOf(RUNTIME, others[`${PREFIX}${RUNTIME}`]?.version ?? ''),
      ].sort(),
    },
    ...included
      .filter(([path]) => path !== `${PREFIX}${RUNTIME}`)
      .map(([path, entry]) => ({
        ref: purlOf(nameOf(path), entry.version ?? ''),
        dependsOn: references(path, entry).sort(),
      }))
      .sort((a, b) => (a.ref < b.ref ? -1 : 1)),
  ];
  const content = { metadata: { component: application }, components, dependencies };
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    version: 1,
    ...content,
  };
  return new TextEncoder().encode(`${JSON.stringify(bom, null, 2)}\n`);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf(PREFIX) + PREFIX.length);
}

function componentOf(path: string, entry: LockedPackage, type: Component['type']): Component {
  const full = nameOf(path);
  const [group, name = full] = full.startsWith('@') ? full.split('/') : [undefined, full];
  const { version = '', license, integrity } = entry;
  // It is in no registry.
  const purl = type === 'application' ? `pkg:generic/${full}@${version}` : purlOf(full, version);
  return {
    type,
    'bom-ref': purl,
    ...(group === undefined ? {} : { group }),
    name,
    version,
    ...(license === undefined ? {} : { licenses: [licenseOf(license)] }),
    ...(integrity?.startsWith('sha512-') === true
      ? {
          hashes: [
            {
              alg: 'SHA-512' as const,
              content: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex'),
            },
          ],
        }
      : {}),
    purl,
  };
}

/** An expression of SPDX has words in it; a single identifier has not. */
function licenseOf(license: string): NonNullable<Component['licenses']>[number] {
  return license.includes(' ') ? { expression: license } : { license: { id: license } };
}

/** https://github.com/package-url/purl-spec: the at sign of a scope is escaped. */
function purlOf(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${encodeURIComponent(version)}`;
}

/** Where Node finds a package: the nearest folder of packages above. Null if it is not one of `paths`. */
function resolve(from: string, name: string, paths: ReadonlySet<string>): string | null {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf(`/${PREFIX}`)))) {
    const path = folder === '' ? `${PREFIX}${name}` : `${folder}/${PREFIX}${name}`;
    if (paths.has(path)) return path;
    if (folder === '') return null;
  }
}

/** RFC 9562, version 8: the bits are ours to choose. */
function uuidOf(content: string): string {
  const hex = createHash('sha256').update(content).digest('hex');
  const variant = '89ab'[Number.parseInt(hex[16] ?? '0', 16) & 3];
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
