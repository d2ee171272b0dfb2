/** Starts `server.ts` over the files of a repository, as a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Repository } from './repository.ts';

export interface Serving {
  port: number;
  /** From now on; a name without a behaviour is served as it is. Answers how many bytes were written since the last call. */
  behave(how: Record<string, string>): Promise<number>;
  /** Once the file was asked for, by the server's own word. */
  asked(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** `folder` is made. What is published later is put there with `putFiles`. */
export async function serve(folder: string, repository: Repository): Promise<Serving> {
  fs.mkdirSync(folder, { recursive: true });
  putFiles(folder, repository);
  return serveFolder(folder);
}

/** Of whatever stands in it. */
export async function serveFolder(folder: string): Promise<Serving> {
  const child = spawn(process.execPath, [path.join(import.meta.dir, 'server.ts'), folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => Number((await lines.next()).value);
  const ask = (question: unknown) => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    return next();
  };
  return {
    port: await next(),
    behave: ask,
    asked: async (name) => void (await ask(name)),
    stop: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** Immutable files first, the timestamp last. */
export function putFiles(folder: string, repository: Repository): void {
  const names = [...repository.files.keys()].sort(
    (a, b) => Number(a === 'timestamp.json') - Number(b === 'timestamp.json'),
  );
  for (const name of names) fs.writeFileSync(path.join(folder, name), repository.files.get(name) ?? '');
}
