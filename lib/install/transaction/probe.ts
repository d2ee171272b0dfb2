/** The probe: starts the new binary once to see that it prints its version. */

import type { FinishedRun, NotStarted, RunResult } from '../../platform/host.ts';
import { buildMetadataText, isVersion } from '../../version/semver.ts';
import { childEnvironment } from '../process/start.ts';
import type { Binary } from '../receipt.ts';
import type { Session } from '../session.ts';

export interface ProbeResult {
  /** Null: this machine could not start it, which says nothing about the version. */
  ok: boolean | null;
  /** What it did, as a clause: "it exited with code 70: …". */
  detail: string;
  /** It used an instruction that this processor lacks. */
  illegalInstruction?: boolean;
  /** The version may be the reason, or the machine: too little memory ends a program like that. */
  inconclusive?: boolean;
}

/** A shell that started it says 128 + SIGILL; Windows has STATUS_ILLEGAL_INSTRUCTION, as the system and as C see the number. */
const ILLEGAL_INSTRUCTION = [132, 0xc000001d, 0xc000001d | 0];

/** From here on, what ended a program on Windows is an exception that it did not handle. */
const WINDOWS_EXCEPTION = 0xc0000000;

const VERSION = /(?<![\w.])v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)/;

const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1000;

/**
 * The program itself is the reason: it has no format that this system knows, or wants a loader or a library that is not
 * there. Waiting does not help, and on this machine the version does not work.
 */
const CANNOT_RUN_HERE = new Set(['ENOEXEC', 'ENOENT', 'ELIBACC', 'ELIBBAD', 'EBADARCH', 'EFTYPE']);

/** Waiting does not help: a filesystem mounted noexec, or a policy of the machine. On Windows it may be a virus scanner. */
const FINAL = new Set(['EACCES', 'EPERM']);

/**
 * What a terminal, or whoever ends the updater, sends to its whole process group. A child is in that until it has one of its own, so
 * that the first of them says nothing of the program.
 */
const MEANT_FOR_US = new Set(['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTERM']);

/**
 * Starts the target with `--version`. It has to exit with code 0 in time, and to print the wanted version first. While the
 * machine has no room for a process, it is tried again until `limits.start` has passed.
 *
 * @param anyVersion it is enough that it runs: whatever the user had installed may print its version in another way
 */
export async function probe(session: Session, wanted: Binary, anyVersion = false): Promise<ProbeResult> {
  const { version } = wanted;
  session.emit({ event: 'probing', version });
  const { result, milliseconds } = await tryFile(session, session.layout.target, anyVersion ? null : version);
  session.emit({ event: 'probed', version, ...result, milliseconds });
  return result;
}

/**
 * Starts a copy of the version before in the same way, for comparison: what ends both says nothing of either. Returns what it did,
 * as a clause, if it can't be started either, or its end is as inconclusive; else null.
 */
export async function control(session: Session, file: string): Promise<string | null> {
  const { ok, detail, inconclusive } = (await tryFile(session, file, null)).result;
  return ok === null || inconclusive === true ? detail : null;
}

async function tryFile(
  session: Session,
  file: string,
  wanted: string | null,
): Promise<{ result: ProbeResult; milliseconds: number }> {
  const { limits, selfTest } = session;
  const run = await runFile(session, file, ['--version']);
  const result = judgeRun(run, wanted, limits.probe);
  return {
    result: result.ok === true && selfTest !== undefined ? await testItself(session, file, selfTest) : result,
    milliseconds: run.started ? Math.round(run.duration) : 0,
  };
}

async function testItself(session: Session, file: string, args: readonly string[]): Promise<ProbeResult> {
  const run = await runFile(session, file, args);
  if (!run.started) return judgeStart(run);
  if (run.stdout.includes('"event":"result"')) return { ok: true, detail: 'it works here' };
  const { detail, inconclusive = false } = judge(run, null, session.limits.probe);
  return { ok: false, detail: `with \`${args[0]}\` ${detail}`, ...(inconclusive && { inconclusive }) };
}

async function runFile(
  { host, layout, limits }: Session,
  file: string,
  args: readonly string[],
): Promise<RunResult> {
  const { clock, processes, platform } = host;
  const begun = clock.monotonic();
  let ended = false;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    const run = await processes.run(file, [...args], {
      environment: childEnvironment(host.environment),
      workingDirectory: layout.installDir,
      timeLimit: limits.probe,
    });
    const isFinal = (code: string) => CANNOT_RUN_HERE.has(code) || (platform !== 'win32' && FINAL.has(code));
    if (run.started && !ended && MEANT_FOR_US.has(run.signal ?? '')) {
      ended = true;
      continue;
    }
    if (run.started || isFinal(run.code ?? '')) return run;
    if (clock.monotonic() - begun >= limits.start) return run;
    await clock.sleep(pause);
  }
}

/**
 * What a run with `--version` says of the version.
 *
 * @param wanted what it has to print first; null if it is enough that it ends well
 * @param limit milliseconds that it had
 */
export function judgeRun(run: RunResult, wanted: string | null, limit: number): ProbeResult {
  return run.started ? judge(run, wanted, limit) : judgeStart(run);
}

function judgeStart({ code, reason }: NotStarted): ProbeResult {
  return { ok: CANNOT_RUN_HERE.has(code ?? '') ? false : null, detail: `it could not be started: ${reason}` };
}

function judge(run: FinishedRun, wanted: string | null, limit: number): ProbeResult {
  if (run.timedOut) {
    const detail = `it printed no version within ${Math.round(limit / 1000)} s`;
    return { ok: false, detail, inconclusive: true };
  }
  const said = firstLine(run.stderr) ?? firstLine(run.stdout);
  const because = said === null ? '' : `: ${said}`;
  if (isIllegalInstruction(run)) {
    return {
      ok: false,
      detail: `it uses an instruction that this processor lacks${because}`,
      illegalInstruction: true,
    };
  }
  if (run.signal !== null)
    return { ok: false, detail: `it was ended by ${run.signal}${because}`, inconclusive: true };
  if (run.code !== 0) {
    const detail = `it exited with code ${run.code}${because}`;
    return { ok: false, detail, ...(mayLackMemory(run) && { inconclusive: true }) };
  }
  const printed = printedVersion(run.stdout);
  if (wanted === null) return { ok: true, detail: 'it runs' };
  if (printed !== wanted)
    return { ok: false, detail: `it says it is ${printed ?? 'no version at all'}, not ${wanted}` };
  return { ok: true, detail: `it printed ${printed}` };
}

/** The first version in what a program has printed; null if there is none. */
export function printedVersion(output: string): string | null {
  return VERSION.exec(output)?.[1] ?? null;
}

/** Bun says so itself, if its own handler of the signal is there by then, and ends by another one. */
function isIllegalInstruction({ code, signal, stderr }: FinishedRun): boolean {
  if (signal === 'SIGILL' || (code !== null && ILLEGAL_INSTRUCTION.includes(code))) return true;
  return code !== 0 && /^panic.*: illegal instruction/im.test(stderr);
}

/** A shell that started it says 128 + the signal. */
function mayLackMemory({ code, stderr }: FinishedRun): boolean {
  if (code === null) return false;
  const isSignal = code > 128 && code < 160;
  return isSignal || code >>> 0 >= WINDOWS_EXCEPTION || /out of memory|cannot allocate memory/i.test(stderr);
}

/** Shortened, and without control characters, since it is used in messages and in the journal. */
function firstLine(output: string): string | null {
  const line = output.split('\n').find((part) => part.trim() !== '');
  if (line === undefined) return null;
  return Bun.stripANSI(line)
    .replaceAll(/\p{Cc}/gu, '')
    .trim()
    .slice(0, 200);
}

/**
 * The version that the executable prints, for an executable that the user adopts; null if it prints none, or if it could not
 * be started. `detail` says what it did, as a clause.
 */
export async function askVersion(session: Session): Promise<{ version: string | null; detail: string }> {
  const run = await runFile(session, session.layout.target, ['--version']);
  if (!run.started) return { version: null, detail: judgeStart(run).detail };
  const { ok, detail } = judge(run, null, session.limits.probe);
  if (ok !== true) return { version: null, detail };
  const printed = printedVersion(run.stdout);
  if (printed === null) return { version: null, detail: 'it printed no version' };
  if (isVersion(printed)) return { version: printed, detail };
  return {
    version: null,
    detail: `it printed ${printed}, which no release can have${buildMetadataText(printed)}`,
  };
}
