/** For the server programs: the lines between them and the test that started them. */
import { createInterface } from 'node:readline';
import type { ServerOptions } from './start.ts';

export const options: ServerOptions = JSON.parse(process.argv[2] ?? '{}');

/** Says the port, then answers questions until the test closes the pipe or dies. */
export function serveQuestions(port: number, answers: Record<string, () => unknown>): void {
  console.log(port);
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => console.log(JSON.stringify(answers[line]?.() ?? null)));
  lines.on('close', () => process.exit());
}
