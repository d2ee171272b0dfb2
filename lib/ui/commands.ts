/** The commands: each wires the arguments to one operation on the install, and says what came of it. */
import { RevertedError, UsageError } from '../errors.ts';
import {
  type Applied,
  adopt,
  applyPackage,
  createWorkDir,
  type EvolutionWish,
  foreignBinary,
  keepTrustedRoot,
  loadTrustedRoot,
  type Outcome,
  recoverInstall,
  requireExecutable,
  type Session,
  type Settings,
  status,
  withLock,
} from '../install/index.ts';
import { readFile } from '../platform/files.ts';
import type { Network, NetworkSettings } from '../platform/network/network.ts';
import { decodeRoot } from '../trust/index.ts';
import { rememberReverted } from '../update/index.ts';
import { isAddress } from '../version/index.ts';
import { type CommandLine, parseList, parsePid } from './arguments.ts';
import type { Choice } from './choose.ts';
import type { Report } from './report.ts';
import { describeStatus } from './status-text.ts';

export interface CommandContext {
  session: Session;
  line: CommandLine;
  settings: Settings;
  home(): string;
  report: Report;
  /** Asks yes or no; null where nobody can be asked. */
  confirm: ((question: string) => Promise<boolean>) | null;
  choose: ((question: string, choices: readonly Choice[]) => Promise<string>) | null;
  network(settings: NetworkSettings): Network;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

export async function runApply({ session, line, settings, home, report }: CommandContext): Promise<void> {
  const { values } = line;
  const path = text(values.apply);
  if (path === undefined) throw new UsageError('--apply: wanted the path of a package');
  const pid = text(values['wait-pid']);
  if (pid !== undefined && values['no-wait'] === true)
    throw new UsageError('--wait-pid and --no-wait exclude each other');
  const tell = ({ from, to, changed }: Applied) =>
    report.result(
      'apply',
      changed
        ? `${to.version} is installed (before: ${from.version}).`
        : `${to.version} is installed already.`,
      { changed, from: from.version, to: to.version, sha256: to.sha256 },
    );
  const applied = await applyPackage(session, {
    packages: [...texts(values.via), path],
    evolutions: evolutionWish(values.evolutions),
    root: () => loadTrustedRoot(session.host, home(), settings.root),
    waitFor: pid === undefined ? undefined : parsePid(pid),
    noWait: values['no-wait'] === true,
    relaunch: values['no-relaunch'] !== true,
    args: line.rest,
    outputToError: values.json === true,
    onSettled: async (outcome) => {
      if ('failure' in outcome && outcome.failure instanceof RevertedError)
        await rememberReverted(session.host, home(), outcome.failure);
      // A script reads the result as the last line; a person reads it before DGMO takes the terminal.
      if (values.json === true) return;
      if ('applied' in outcome) tell(outcome.applied);
      else report.failure('apply', outcome.failure);
    },
  });
  tell(applied);
}

export async function runInit({ session, line, home, report }: CommandContext): Promise<void> {
  const { values } = line;
  const version = text(values.version);
  if (version === undefined) {
    throw new UsageError('init: --version <v> is missing: which version is the installed executable?');
  }
  const feed = text(values.feed) ?? null;
  if (feed !== null && !isAddress(feed)) {
    throw new UsageError(`--feed: wanted an https address, found ${JSON.stringify(feed)}`);
  }
  const { host, layout, app } = session;
  const root = readRoot(session, text(values.root));
  requireExecutable(session);
  createWorkDir(host, layout);
  const adopted = await withLock(host, layout, async () => {
    const result = adopt(session, version, feed);
    // Last: an `init` that fails leaves the trust as it was.
    if (root !== null) keepTrustedRoot(host, home(), root);
    return result;
  });
  const { receipt, changed } = adopted;
  report.result(
    'init',
    changed
      ? `Adopted ${layout.target} as ${app} ${version}.`
      : `${layout.target} is known as ${app} ${version} already.`,
    {
      changed,
      version,
      sha256: receipt.binary.sha256,
      installId: receipt.installId,
      executable: layout.target,
    },
  );
}

/** Checked before anything is written. */
function readRoot({ host }: Session, file: string | undefined): Uint8Array | null {
  if (file === undefined) return null;
  const bytes = readFile(host.disk, file, 1 << 20);
  if (bytes === null) throw new UsageError(`--root: there is no file ${file}`);
  decodeRoot(bytes);
  return bytes;
}

/** @param earlier what the recovery that comes before every command had found */
export async function runRecover(
  { session, report }: CommandContext,
  earlier: Outcome | null,
): Promise<void> {
  if (earlier === 'foreign') throw foreignBinary(session.layout.target);
  const recovery = await withLock(session.host, session.layout, () => recoverInstall(session));
  const outcome = earlier ?? recovery.transaction?.outcome ?? null;
  const said = [
    outcome === null || outcome === 'foreign' ? null : `The interrupted update was ${OUTCOMES[outcome]}.`,
    recovery.receiptRestored ? 'The receipt was written again from the journal.' : null,
  ].filter((part) => part !== null);
  report.result('recover', said.length > 0 ? said.join(' ') : 'There was nothing to recover.', {
    outcome,
    receiptRestored: recovery.receiptRestored,
    version: recovery.receipt?.binary.version ?? null,
  });
}

const OUTCOMES: Record<Exclude<Outcome, 'foreign'>, string> = {
  committed: 'finished: the new version stands',
  reverted: 'taken back: the old version stands',
  abandoned: 'dropped before it changed anything: the old version stands',
};

export function runStatus({ session, report }: CommandContext): void {
  const found = status(session);
  report.result('status', describeStatus(found), { ...found });
}

/** `--evolutions all`, `none`, or ids. */
export function evolutionWish(value: Value): EvolutionWish {
  if (typeof value !== 'string') return 'auto';
  return value === 'all' || value === 'none' ? value : parseList(value);
}

type Value = CommandLine['values'][string];

function text(value: Value): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function texts(value: Value): string[] {
  return Array.isArray(value) ? value : [];
}
