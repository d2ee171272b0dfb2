/** `repair`, `recover`, and what `update` does first: putting back what is damaged. */
import {
  type HealthIssue,
  Installation,
  type Outcome,
  type Recovered,
  type RepairResult,
  SelfHealingSystem,
} from '../../api/index.ts';
import { DamagedError, InterruptedError, MachineError, UpdaterError } from '../../errors.ts';
import { type CommandContext, isGiven, optionOf } from '../context.ts';
import { describeHealth, describeRepair, healthCode, READING, repairCode } from '../text/health.ts';
import { oneLine } from '../text/lines.ts';

/** Also what the recovery menu calls. */
export function healthOf({ line, report, install }: CommandContext): SelfHealingSystem {
  return new SelfHealingSystem({
    ...install,
    feed: optionOf(line, 'feed'),
    caFile: optionOf(line, 'ca-file'),
    allowPlainHttp: isGiven(line, 'allow-http'),
    onEvent: report.event,
  });
}

export async function runRepair(context: CommandContext): Promise<void> {
  const { line, report, questions } = context;
  const health = healthOf(context);
  const offline = isGiven(line, 'offline');
  report.begin(READING);
  if (!isGiven(line, 'yes')) {
    const found = await health.verify({ full: true });
    const nothing = found.repairableIssues.length === 0;
    if (nothing || questions === null) {
      const hint = nothing ? '' : '\nNothing was changed: repeat it with --yes.';
      return report.result(
        'repair',
        `${describeHealth(found, true)}${hint}`,
        { ...found, changed: false },
        healthCode(found),
      );
    }
    report.text(describeHealth(found, true));
    if (!(await questions.confirm('Repair it now?')))
      throw new InterruptedError('not repaired: nothing was changed');
    report.begin(READING);
  }
  reportRepair(context, 'repair', await health.repair({ offline }));
}

function reportRepair({ report, host }: CommandContext, command: string, result: RepairResult): void {
  const changed = result.repaired.length > 0;
  report.result(
    command,
    describeRepair(result, host.localOffset),
    { ...result, changed },
    repairCode(result),
  );
}

export async function runRecover(context: CommandContext): Promise<void> {
  const { report, install, host } = context;
  const installation = new Installation({ ...install, onEvent: report.event });
  let recovered: Recovered | null = null;
  let failure: unknown;
  try {
    recovered = await installation.recover();
  } catch (error) {
    // An executable that is damaged as well may be put back.
    if (!(error instanceof DamagedError)) throw error;
    failure = error;
  }
  const repaired = await putBackExecutable(context, failure);
  if (recovered === null && repaired === null) throw failure;
  const done = [
    ...(recovered === null ? [] : recoveredText(recovered)),
    ...(repaired === null ? [] : [describeRepair(repaired, host.localOffset)]),
  ];
  report.result('recover', done.length > 0 ? done.join(' ') : 'There was nothing to recover.', {
    outcome: recovered?.outcome ?? null,
    interrupted: recovered?.interrupted ?? null,
    receiptRestored: recovered?.receiptRestored ?? false,
    version: recovered?.receipt?.binary.version ?? null,
    repaired: repaired?.repaired ?? [],
  });
}

function recoveredText({ outcome, interrupted, receiptRestored }: Recovered): string[] {
  return [
    // That a version was left which failed at its starts is told by a warning.
    outcome === null || outcome === 'foreign' || interrupted === null
      ? null
      : `The interrupted ${interrupted.kind} was ${ENDS[outcome](interrupted)}.`,
    receiptRestored ? 'The receipt was restored from the journal.' : null,
  ].filter((part) => part !== null);
}

type Interrupted = NonNullable<Recovered['interrupted']>;

const ENDS: Record<Exclude<Outcome, 'foreign'>, (interrupted: Interrupted) => string> = {
  committed: ({ to }) => `finished: ${to} is installed`,
  reverted: ({ from }) => `undone: ${from} is installed`,
  abandoned: ({ from }) => `cancelled before it changed anything: ${from} is installed`,
};

/**
 * Puts back an executable that is damaged or missing, with the user's consent. Returns null if it is intact.
 *
 * @param failure what is thrown if it may not be put back; by default what is wrong with it
 * @throws DamagedError if it stays as it is, MachineError if the machine does not let it be read
 */
export async function putBackExecutable(
  context: CommandContext,
  failure?: unknown,
): Promise<RepairResult | null> {
  const { line, report, questions } = context;
  const health = healthOf(context);
  const damage = await health.executableDamage();
  if (damage === null) return null;
  if (!isGiven(line, 'yes')) {
    // That is left to a package manager.
    if (damage.repair === null) throw asError(damage);
    if (questions === null) throw failure instanceof UpdaterError ? failure : asError(damage);
    report.text(oneLine(`${asError(damage).message}.`));
    if (!(await questions.confirm('Put it back now?'))) throw asError(damage);
  }
  return health.repairExecutable();
}

function asError({ where, what, repair, advice, exitCode }: HealthIssue): UpdaterError {
  const ways = [repair === null ? null : 'Run `dgmo-updater repair`, which puts it back.', advice];
  const Kind = exitCode === 12 ? MachineError : DamagedError;
  return new Kind(what.includes(where) ? what : `${where}: ${what}`, {
    advice: ways.filter((way) => way !== null).join(' '),
  });
}
