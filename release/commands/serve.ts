/** `release serve`: serves the repository over HTTP, and the check API. */
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
import { print, tell } from '../platform/terminal.ts';
import { supervise } from '../server/supervise.ts';
import { runWorker } from '../server/worker.ts';

const DEFAULT_PORT = 8480;
const MAX_PROCESSES = 64;
/** Bytes. */
const MAX_CERTIFICATE = 1 << 20;

const HELP = `Usage: release serve --repo <dir> [options]

Serves metadata/ and targets/ of a repository, and nothing else of it, to DGMO's updaters, and answers the check API
(POST ${CHECK_PATH}) from them. The page of \`release page\`, if it is in <dir> or in the folder of --page, is served as well.
<dir> may also be the folder that \`release publish --to\` writes to. Prints its address when it listens; SIGTERM and Ctrl-C end it once the current
requests are answered. It keeps no state: changes by \`release add\` and the like are seen within a second.

  --repo <dir>             the repository
  --page <dir>             the folder of \`release page\` (default: <dir>)
  --port <n>               default ${DEFAULT_PORT}; 0: any free port
  --host <address>         default 127.0.0.1, with a certificate 0.0.0.0
  --tls-cert <file.pem>    the certificate and its intermediates; TLS 1.3 or later is spoken then
  --tls-key <file.pem>     its private key
  --allow-http             plain http on another address than loopback: behind a proxy that speaks TLS
  --processes <n>          how many processes share the port (default 1; Linux only); one that dies is started again
  --grace <seconds>        how long current requests may take when it stops (default 10)
  --public-metrics         /metrics answers everybody, and not only programs on this machine
  --access-log <file>      JSON lines; SIGHUP opens the file again (default: standard error; "off": none)

  GET /healthz             200 if the repository can be read and its timestamp has not expired, else 503 and the reason
  GET /metrics             Prometheus text format, of the process that answers (see the labels worker and pid); for
                           programs on this machine that do not ask for others, as a proxy does

The access log contains no address and no header of a client. For a check it has version, target and channel.
`;

const OPTIONS = {
  repo: { type: 'string' },
  page: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'allow-http': { type: 'boolean', default: false },
  processes: { type: 'string' },
  grace: { type: 'string' },
  'access-log': { type: 'string' },
  'public-metrics': { type: 'boolean', default: false },
  // Set by the supervisor: the number of this process, and the port that the first one has found.
  worker: { type: 'string' },
  'worker-port': { type: 'string' },
} as const;

export const serve: Command = {
  name: 'serve',
  summary: 'serve a repository and the check API',
  help: HELP,
  async run(args) {
    const { values } = readArguments(args, [], OPTIONS);
    const repository = required('--repo', values.repo);
    const asked = wholeNumber('--port', values.port, DEFAULT_PORT, [0, 65_535]);
    const port = wholeNumber('--worker-port', values['worker-port'], asked, [0, 65_535]);
    const processes = wholeNumber('--processes', values.processes, 1, [1, MAX_PROCESSES]);
    const worker = wholeNumber('--worker', values.worker, 0, [0, MAX_PROCESSES]);
    const grace = wholeNumber('--grace', values.grace, 10, [0, 3600]) * 1000;
    const tls = readTls(values['tls-cert'], values['tls-key']);
    const host = values.host ?? (tls === null ? '127.0.0.1' : '0.0.0.0');
    if (tls === null && !isLoopback(host.includes(':') ? `[${host}]` : host) && !values['allow-http']) {
      throw new UsageError(`--host ${host}: wanted a certificate, found none`, {
        advice: 'Give --tls-cert and --tls-key, or --allow-http if a proxy in front of it speaks TLS.',
      });
    }
    requireRepository(repository);
    const page = values.page ?? repository;
    if (values.page !== undefined) requirePage(values.page);
    const { clock, platform } = nativeHost();
    if (processes > 1 && platform !== 'linux') {
      throw new UsageError(`--processes: wanted 1 on ${platform}, found ${processes}`);
    }
    const address = { host, tls, shared: processes > 1 || worker > 0 };
    const accessLog = values['access-log'] ?? null;
    const publicMetrics = values['public-metrics'];
    if (accessLog !== null && accessLog !== 'off') requireNotInput(accessLog);
    if (processes === 1 || worker > 0) {
      const ready = worker === 0 ? announce : (url: string, port: number) => supervisor.ready({ url, port });
      await runWorker(
        { ...address, port, repository, page, worker: Math.max(worker, 1), accessLog, publicMetrics, grace },
        ready,
      );
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

function requirePage(folder: string): void {
  if (disk.status(path.join(folder, 'index.html')) !== null) return;
  throw new UsageError(`--page: wanted a folder of \`release page\`, found no index.html in ${folder}`, {
    advice: 'Make it with `release page -o <folder>`.',
  });
}

/** The same command for one process. */
function commandOf(args: string[], worker: number, port: number): string[] {
  const script = path.join(import.meta.dir, '../cli.ts');
  return [BUN, script, 'serve', ...args, '--worker', String(worker), '--worker-port', String(port)];
}

function announce(url: string): void {
  print(`${url}\n`);
}

function say(line: string): void {
  tell(`release: ${line}\n`);
}
