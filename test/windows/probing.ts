/** Runs the probe (probe.ts) under Wine: to its end for its answers, or in the background so that it holds something. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { compileProgram } from '../support/standin.ts';
import { startWine, type WineProcess, windowsPath, wine } from '../support/wine.ts';
import type { Answer, Step } from './probe.ts';

export interface Probe {
  /** A temporary folder, its name with a space and a non-ASCII letter. */
  readonly folder: string;
  /** The probe's own executable. */
  readonly executable: string;
  /** The Windows path of a name in the folder. */
  at(name: string): string;
  /** What the probe answers to each step: 'ok', the value, or the code of the error as text. */
  ask(...steps: Step[]): Promise<unknown[]>;
  /** Starts a probe that takes the steps, and resolves to it and its answers once it is at the last one: `stay`. */
  keep(...steps: Step[]): Promise<{ process: WineProcess; answers: unknown[] }>;
  remove(): void;
}

/** How long a probe in the background stays at most; tests end it before. */
const STAY = '50000';

export async function makeProbe(): Promise<Probe> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'probe ü '));
  const executable = path.join(folder, 'probe.exe');
  await compileProgram(path.join(import.meta.dir, 'probe.ts'), executable, 'bun-windows-x64');
  return {
    folder,
    executable,
    at: (name) => windowsPath(path.join(folder, name)),
    ask: async (...steps) => {
      const { code, stdout, stderr } = await wine(executable, [JSON.stringify(steps)]);
      const answers = answersOf(stdout);
      if (code === 0 && answers.length === steps.length) return answers;
      throw new Error(`the probe ended with ${code}\n${stdout}\n${stderr}`);
    },
    keep: async (...steps) => {
      const all: Step[] = [...steps, ['say', 'staying'], ['stay', STAY]];
      const process = startWine(executable, [JSON.stringify(all)]);
      await process.waitForOutput('staying');
      return { process, answers: answersOf(process.output.stdout).slice(0, steps.length) };
    },
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}

function answersOf(stdout: string): unknown[] {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => {
    const answer = JSON.parse(line) as Answer;
    return 'code' in answer ? answer.code : (answer.value ?? 'ok');
  });
}
