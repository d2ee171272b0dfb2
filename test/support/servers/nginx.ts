/** The real nginx, in a folder of its own, on a port that was free. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { answers, freePort } from './port.ts';

export const NGINX = Bun.which('nginx', { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin` });

export interface Nginx extends AsyncDisposable {
  /** Ends with a slash. */
  url: string;
  port: number;
}

export interface NginxOptions {
  /** The folder that it serves. */
  root: string;
  /** A folder that is its own: configuration, logs, pid. */
  home: string;
  workers?: number;
  accessLog?: boolean;
  /** Directives of the server. */
  server?: string;
}

export async function startNginx({
  root,
  home,
  workers = 1,
  accessLog = false,
  server = '',
}: NginxOptions): Promise<Nginx> {
  if (NGINX === null) throw new Error('nginx is not installed');
  mkdirSync(home, { recursive: true });
  // Another process may take the port before nginx does: then another one is tried.
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const file = path.join(home, 'nginx.conf');
    writeFileSync(file, configuration({ root, home, workers, accessLog, server, port }));
    const child = Bun.spawn([NGINX, '-p', home, '-c', file, '-e', path.join(home, 'error.log')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (await answers(port, () => child.exitCode === null)) {
      return {
        url: `http://127.0.0.1:${port}/`,
        port,
        async [Symbol.asyncDispose]() {
          child.kill('SIGTERM');
          await child.exited;
        },
      };
    }
    child.kill('SIGKILL');
    await child.exited;
    const log = path.join(home, 'error.log');
    if (attempt === 3) throw new Error(`nginx: ${existsSync(log) ? readFileSync(log, 'utf8') : 'no word'}`);
  }
}

function configuration({
  root,
  home,
  workers,
  accessLog,
  server,
  port,
}: Required<NginxOptions> & { port: number }) {
  const quoted = (name: string) => JSON.stringify(path.join(home, name));
  return `daemon off;
# As root nginx would give its workers to nobody, who may not read a folder that a test made for itself.
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes ${workers};
pid ${quoted('nginx.pid')};
events { worker_connections 1024; }
http {
  types { application/json json; }
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  access_log ${accessLog ? `${quoted('access.log')} combined buffer=32k flush=500ms` : 'off'};
  client_body_temp_path ${quoted('body')};
  proxy_temp_path ${quoted('proxy')};
  fastcgi_temp_path ${quoted('fastcgi')};
  uwsgi_temp_path ${quoted('uwsgi')};
  scgi_temp_path ${quoted('scgi')};
  server {
    listen 127.0.0.1:${port};
    root ${JSON.stringify(root)};
    ${server}
  }
}
`;
}
