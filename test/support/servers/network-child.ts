/**
 * Asks for one address, as a compiled program: `<url>`, the authority and the proxy from the environment. A timer that was
 * left behind would keep it for a minute.
 */
import { nativeNetwork } from '../../../lib/platform/network/native.ts';

const network = nativeNetwork({ environment: process.env });
try {
  const url = process.argv[2] ?? '';
  const response = await network.request({ url, idleTimeout: 60_000 });
  const hash = new Bun.CryptoHasher('sha256');
  for await (const chunk of response.body) hash.update(chunk);
  console.log(`${response.status} ${hash.digest('hex')}`);
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
  process.exitCode = 13;
}
