/** A process that may open no more files: that is the machine's fault (12), not the network's. */
import { expect, test } from 'bun:test';
import path from 'node:path';

test.skipIf(process.platform === 'win32')('no descriptor is left for a connection', async () => {
  using server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('hi') });
  const module = path.resolve(import.meta.dir, '../../../lib/platform/network/native.ts');
  const script = `
    import fs from 'node:fs';
    import { nativeNetwork } from ${JSON.stringify(module)};
    const network = nativeNetwork({ environment: {} });
    const request = { url: ${JSON.stringify(server.url.href)}, idleTimeout: 5000 };
    // Loads what is loaded at the first request.
    for await (const _ of (await network.request(request)).body) {}
    try { for (;;) fs.openSync('/dev/null', 'r'); } catch {}
    const error = await network.request(request).catch((failure) => failure);
    console.log(JSON.stringify({ exitCode: error.exitCode, message: error.message }));
    process.exit(0);`;
  const child = Bun.spawn(['sh', '-c', 'ulimit -n 64; exec "$0" -e "$1"', process.execPath, script], {
    stdout: 'pipe',
    stderr: 'inherit',
  });
  expect(JSON.parse(await new Response(child.stdout).text())).toEqual({
    exitCode: 12,
    message: `the connection to ${server.url.host} could not be opened: too many files are open (EMFILE)`,
  });
});
