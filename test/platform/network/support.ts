/** What the tests of the network share: servers to ask, asking, and what came of it. */
import { expect } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { NetworkError } from '../../../lib/errors.ts';
import { nativeNetwork } from '../../../lib/platform/network/native.ts';
import type {
  NetworkFailure,
  NetworkRequest,
  NetworkSettings,
} from '../../../lib/platform/network/network.ts';
import { type Certificates, makeCertificates } from '../../support/servers/certificates.ts';
import { type ServerProcess, startServer } from '../../support/servers/start.ts';

interface Got {
  status: number;
  url: string;
  body: Buffer;
}

export interface Servers {
  folder: string;
  certificates: Certificates;
  plain: ServerProcess;
  secure: ServerProcess;
  /** Another one, which ends with them. */
  start(...args: Parameters<typeof startServer>): Promise<ServerProcess>;
  /** All of an answer. The authority of `certificates` is trusted, and the environment empty, unless said otherwise. */
  get(url: string, settings?: Partial<NetworkSettings>, request?: Partial<NetworkRequest>): Promise<Got>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openServers(): Promise<Servers> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-network-'));
  const certificates = makeCertificates(folder);
  const started: ServerProcess[] = [];
  const start: Servers['start'] = async (...args) => {
    const server = await startServer(...args);
    started.push(server);
    return server;
  };
  const [plain, secure] = await Promise.all([start('origin'), start('origin', certificates.good)]);
  return {
    ...{ folder, certificates, plain, secure, start },
    async get(url, settings = {}, request = {}) {
      const network = nativeNetwork({
        environment: {},
        certificateFile: certificates.authority,
        ...settings,
      });
      const response = await network.request({ url, idleTimeout: 5000, ...request });
      const chunks: Uint8Array[] = [];
      for await (const chunk of response.body) chunks.push(chunk);
      return { status: response.status, url: response.url, body: Buffer.concat(chunks) };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(started.map((server) => server.stop()));
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function failure(promise: Promise<unknown>): Promise<NetworkFailure> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(NetworkError);
  return error as NetworkFailure;
}

/** Sets variables of this process while it acts. */
export async function withVariables(
  variables: Record<string, string>,
  act: () => Promise<void>,
): Promise<void> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    await act();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

export const at = (server: ServerProcess, where: string, scheme = 'http', host = 'localhost') =>
  `${scheme}://${host}:${server.port}/${where}`;
