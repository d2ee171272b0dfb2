/** `release serve` as a process of its own, on a port that was free. */
import path from 'node:path';

const CLI = path.join(import.meta.dir, '../../../release/cli.ts');

export interface Serving extends AsyncDisposable {
  /** Ends with a slash. */
  url: string;
  pid: number;
  kill(signal: NodeJS.Signals): void;
  exited: Promise<number>;
  /** Whole lines of standard error, as they come. */
  lines(): AsyncIterable<string>;
  stderr(): string;
}

/** Starts it and waits for its address. */
export async function serving(repository: string, ...args: string[]): Promise<Serving> {
  const child = Bun.spawn([process.execPath, CLI, 'serve', '--repo', repository, '--port', '0', ...args], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const heard: string[] = [];
  const waiting: (() => void)[] = [];
  let ended = false;
  const wake = () => {
    for (const go of waiting.splice(0)) go();
  };
  const listen = async () => {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of child.stderr) {
      const parts = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
      rest = parts.pop() ?? '';
      heard.push(...parts);
      wake();
    }
    ended = true;
    wake();
  };
  void listen();
  const reader = child.stdout.getReader();
  let said = '';
  while (!said.includes('\n')) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`release serve ended: ${heard.join('\n')}`);
    said += new TextDecoder().decode(value);
  }
  return {
    url: said.trim(),
    pid: child.pid,
    kill: (signal) => child.kill(signal),
    exited: child.exited,
    stderr: () => heard.join('\n'),
    async *lines() {
      for (let index = 0; ; index++) {
        while (index >= heard.length && !ended) await new Promise<void>((resolve) => waiting.push(resolve));
        const line = heard[index];
        if (line === undefined) return;
        yield line;
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}
