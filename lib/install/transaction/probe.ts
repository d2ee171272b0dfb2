/** The probe: the new binary is started once and has to print its version. */

import { childEnvironment } from '../process/start.ts';
import type { Binary } from '../receipt.ts';
import type { Session } from '../session.ts';

export interface ProbeResult {
  ok: boolean;
  /** What was seen, as a part of a sentence: "it exited with code 70: …". */
  detail: string;
}

const VERSION = /(?<![\w.])v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)/;

/**
 * Starts the target with `--version`: exit code 0 in time, and the first version in its output the wanted one.
 *
 * @param anyVersion of a binary that was not made for this: that it runs is enough
 */
export async function probe(session: Session, wanted: Binary, anyVersion = false): Promise<ProbeResult> {
  const { host, layout, limits } = session;
  session.emit({ event: 'probing', version: wanted.version });
  const run = await host.processes.run(layout.target, ['--version'], {
    environment: childEnvironment(host.environment),
    workingDirectory: layout.installDir,
    timeLimit: limits.probe,
  });
  const result = judge(run, anyVersion ? null : wanted.version, limits.probe);
  session.emit({
    event: 'probed',
    version: wanted.version,
    ...result,
    milliseconds: Math.round(run.duration),
  });
  return result;
}

function judge(
  run: { code: number | null; signal: string | null; stdout: string; stderr: string; timedOut: boolean },
  wanted: string | null,
  limit: number,
): ProbeResult {
  if (run.timedOut)
    return { ok: false, detail: `it printed no version within ${Math.round(limit / 1000)} s` };
  const said = firstLine(run.stderr) ?? firstLine(run.stdout);
  const because = said === null ? '' : `: ${said}`;
  if (run.signal !== null) return { ok: false, detail: `it was ended by ${run.signal}${because}` };
  if (run.code === null) return { ok: false, detail: `it could not be started${because}` };
  if (run.code !== 0) return { ok: false, detail: `it exited with code ${run.code}${because}` };
  const printed = VERSION.exec(run.stdout)?.[1];
  if (wanted === null) return { ok: true, detail: 'it runs' };
  if (printed !== wanted)
    return { ok: false, detail: `it says it is ${printed ?? 'no version at all'}, not ${wanted}` };
  return { ok: true, detail: `it printed ${printed}` };
}

/** Bounded and without control characters: it goes into messages and into the journal. */
function firstLine(output: string): string | null {
  const line = output.split('\n').find((part) => part.trim() !== '');
  if (line === undefined) return null;
  return Bun.stripANSI(line)
    .replaceAll(/\p{Cc}/gu, '')
    .trim()
    .slice(0, 200);
}
