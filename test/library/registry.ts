/** A package registry on loopback that offers what this checkout has installed, so that npm needs no other. */
import fs from 'node:fs';
import path from 'node:path';

interface Installed {
  folder: string;
  manifest: { name: string; version: string };
}

export interface Registry extends AsyncDisposable {
  url: string;
}

export function openRegistry(nodeModules: string): Registry {
  const packages = Map.groupBy(installedIn(nodeModules), ({ manifest }) => manifest.name);
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request): Promise<Response> {
      const { pathname, origin } = new URL(request.url);
      const asked = decodeURIComponent(pathname).slice(1);
      const described = packages.get(asked);
      if (described !== undefined) return Response.json(describe(described, origin));
      const [name, version] = asked.replace(/\.tgz$/, '').split('//');
      const found = packages.get(name ?? '')?.find(({ manifest }) => manifest.version === version);
      return found === undefined ? new Response('', { status: 404 }) : new Response(await archive(found));
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

/** All versions of one package, as npm asks for them. */
function describe(versions: Installed[], origin: string): object {
  return {
    name: versions[0]?.manifest.name,
    'dist-tags': { latest: versions[0]?.manifest.version },
    versions: Object.fromEntries(
      versions.map(({ manifest }) => {
        const tarball = `${origin}/${manifest.name}//${manifest.version}.tgz`;
        return [manifest.version, { ...manifest, dist: { tarball } }];
      }),
    ),
  };
}

function installedIn(nodeModules: string): Installed[] {
  if (!fs.existsSync(nodeModules)) return [];
  const names = fs
    .readdirSync(nodeModules)
    .flatMap((name) =>
      name.startsWith('@')
        ? fs.readdirSync(path.join(nodeModules, name)).map((inScope) => `${name}/${inScope}`)
        : [name],
    )
    .filter((name) => fs.existsSync(path.join(nodeModules, name, 'package.json')));
  return names.flatMap((name) => {
    const folder = path.join(nodeModules, name);
    const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
    return [{ folder, manifest }, ...installedIn(path.join(folder, 'node_modules'))];
  });
}

async function archive({ folder }: Installed): Promise<Blob> {
  const files: Record<string, Uint8Array> = {};
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, file).replaceAll(path.sep, '/');
    if (entry.isFile() && !name.startsWith('node_modules/')) files[`package/${name}`] = fs.readFileSync(file);
  }
  return new Bun.Archive(files, { compress: 'gzip' }).blob();
}
