/** `release serve`: the repository over http, and the check API beside it. */
import path from 'node:path';
import { UsageError } from '../../lib/errors.ts';
import { isLoopback } from '../../lib/format/web-address.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { nativeDisk as disk } from '../../lib/platform/native-disk.ts';
import { CHECK_PATH } from '../../lib/update/check/check-api.ts';
import { type Command, readArguments, required, wholeNumber } from '../command.ts';
import { readInput, requireNotInput } from '../files.ts';
import { supervisor } from '../platform/children.ts';
import type { PemFile } from '../platform/listener.ts';
import { BUN } from '../platform/machine.ts';
import { supervise } from '../server/supervise.ts';
import { work } from '../server/worker.ts';

const DEFAULT_PORT = 8480;
const MAX_PROCESSES = 64;
/** Bytes. */
const MAX_CERTIFICATE = 1 << 20;

const HELP = `Usage: release serve --repo <dir> [options]

Serves metadata/ and targets/ of a repository, and nothing else of it, to DGMO's updaters, and answers the check API
(POST ${CHECK_PATH}) from them. Prints its address when it listens; SIGTERM and Ctrl-C end it when the requests
under way are answered. It keeps no state: \`release add\` and the like are seen within a second.

  --repo <dir>             the repository
  --port <n>               default ${DEFAULT_PORT}; 0: any that is free
  --host <address>         default 127.0.0.1, with a certificate 0.0.0.0
  --tls-cert <file.pem>    the certificate and those between it and its authority; then TLS 1.3 at least
  --tls-key <file.pem>     its private key
  --allow-http             plain http on another address than loopback: behind a proxy that speaks TLS
  --processes <n>          so many processes on the port (default 1; Linux); one that dies is started again
  --grace <seconds>        for requests under way when it is to stop (default 10)
  --access-log <file>      JSON lines; SIGHUP opens the file anew (default: standard error; "off": none)

  GET /healthz             200 where the repository can be read and its timestamp has not expired, else 503 and why
  GET /metrics             Prometheus text format; of the one process that answers, which the labels worker and pid name

The access log holds of who asks no address and no header. Of a check it holds version, target and channel.
`;

const OPTIONS = {
  repo: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'allow-http': { type: 'boolean', default: false },
  processes: { type: 'string' },
  grace: { type: 'string' },
  'access-log': { type: 'string' },
  // Of a process under supervision: its number.
  worker: { type: 'string' },
} as const;

export const serve: Command = {
  name: 'serve',
  summary: 'serve a repository and the check API',
  help: HELP,
  async run(args) {
    const { values } = readArguments(args, [], OPTIONS);
    const repository = required('--repo', values.repo);
    const port = wholeNumber('--port', values.port, DEFAULT_PORT, [0, 65_535]);
    const processes = wholeNumber('--processes', values.processes, 1, [1, MAX_PROCESSES]);
    const worker = wholeNumber('--worker', values.worker, 0, [0, MAX_PROCESSES]);
    const grace = wholeNumber('--grace', values.grace, 10, [0, 3600]) * 1000;
    const tls = readTls(values['tls-cert'], values['tls-key']);
    const host = values.host ?? (tls === null ? '127.0.0.1' : '0.0.0.0');
    if (tls === null && !isLoopback(host.includes(':') ? `[${host}]` : host) && !values['allow-http']) {
      throw new UsageError(`--host ${host}: wanted a certificate, found none`, {
        advice: 'Give --tls-cert and --tls-key, or say --allow-http where a proxy before it speaks TLS.',
      });
    }
    requireRepository(repository);
    const { clock, platform } = nativeHost();
    if (processes > 1 && platform !== 'linux') {
      throw new UsageError(`--processes: wanted 1 on ${platform}, found ${processes}`);
    }
    const address = { host, tls, shared: processes > 1 || worker > 0 };
    const accessLog = values['access-log'] ?? null;
    if (accessLog !== null && accessLog !== 'off') requireNotInput(accessLog);
    if (processes === 1 || worker > 0) {
      const ready = worker === 0 ? announce : (url: string, port: number) => supervisor.ready({ url, port });
      await work({ ...address, port, repository, worker: Math.max(worker, 1), accessLog, grace }, ready);
      return;
    }
    await supervise(
      { processes, port, grace, clock, command: (number, port) => commandOf(args, number, port), say },
      announce,
    );
  },
};

function readTls(cert: string | undefined, key: string | undefined): { cert: PemFile; key: PemFile } | null {
  if (cert === undefined && key === undefined) return null;
  if (cert === undefined || key === undefined) {
    throw new UsageError('--tls-cert and --tls-key are wanted together, found one');
  }
  const read = (file: string): PemFile => ({ file, content: readInput(file, MAX_CERTIFICATE) });
  return { cert: read(cert), key: read(key) };
}

function requireRepository(repository: string): void {
  if (disk.status(path.join(repository, 'metadata')) !== null) return;
  throw new UsageError(`${repository}: wanted a repository with a folder metadata, found none`, {
    advice: 'Make one with `release init`.',
  });
}

/** The same command, for one process: a later option counts, so the port that was found is the one that is taken. */
function commandOf(args: string[], worker: number, port: number): string[] {
  const script = path.join(import.meta.dir, '../cli.ts');
  return [BUN, script, 'serve', ...args, '--worker', String(worker), '--port', String(port)];
}

function announce(url: string): void {
  process.stdout.write(`${url}\n`);
}

function say(line: string): void {
  process.stderr.write(`release: ${line}\n`);
}
