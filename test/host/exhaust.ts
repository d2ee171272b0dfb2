/**
 * Runs an operation with every fault at every effect, then the recovery with a stop at each of *its* effects, and checks the
 * disk after each.
 */
import { UpdaterError } from '../../lib/errors.ts';
import { LOSSES, type Loss, type SimulatedDisk } from './disk.ts';
import { ERRORS, type Fault, FaultInjector, HARMLESS, HELD, type Plan } from './faults.ts';
import { type SimulatedHost, simulatedHost } from './host.ts';

export interface Scenario {
  /** The disk before the operation. Called once. */
  prepare(): Promise<SimulatedDisk> | SimulatedDisk;
  host: Omit<Parameters<typeof simulatedHost>[0], 'disk' | 'faults'>;
  /** The operation. It may throw UpdaterErrors; any other error fails the test. */
  work(host: SimulatedHost): Promise<void>;
  /** Recovery, as the next run of any command does it. */
  recover(host: SimulatedHost): Promise<void>;
  /** Throws if the disk is in a state that it may not be in at any instant. */
  always(disk: SimulatedDisk): void;
  /** Throws if the disk is in a state that it may not be in after recovery. */
  afterwards(disk: SimulatedDisk): void;
  /** Whether a fault is not tried. `effect` is the name of a kind of effect (faults.ts). */
  isLeftOut?(effect: string, fault: Fault): boolean;
}

export interface Tally {
  effects: number;
  /** Faults in the work. */
  points: number;
  /** Stops in the recoveries that followed. */
  recoveryPoints: number;
}

export async function exhaust(scenario: Scenario): Promise<Tally> {
  const start = await scenario.prepare();
  const clean = new FaultInjector();
  const disk = start.clone();
  // A stop leaves the disk as it was before the effect, so that one run shows them all.
  const stopped: SimulatedDisk[] = [];
  clean.onEffect = () => {
    scenario.always(disk);
    stopped.push(disk.clone());
  };
  await scenario.work(hostOf(scenario, disk, clean));
  const tally: Tally = { effects: clean.seen.length, points: 0, recoveryPoints: 0 };
  const recovered = new Set<string>();
  await recoverEverywhere(scenario, disk, { at: -1, fault: { kind: 'stop' } }, 'kept', recovered);
  const tried = new Map<string, Promise<number>>();

  for (let at = 0; at < clean.seen.length; at++) {
    const effect = clean.seen[at] ?? '';
    let onlyOnce = '';
    for (const fault of faultsOf(effect)) {
      if (scenario.isLeftOut?.(effect, fault)) continue;
      tally.points++;
      // With no later effect of the kind, the run in which all of them fail is the one in which this one does.
      if (fault.kind === 'error' && fault.forGood && fault.code === onlyOnce) continue;
      const faults = new FaultInjector({ at, fault });
      const ended =
        (fault.kind === 'stop' ? stopped[at] : null) ??
        (await runWith(scenario, start, { at, fault }, faults));
      if (fault.kind === 'error' && !faults.seen.includes(effect, at + 1)) onlyOnce = fault.code;
      const losses: readonly Loss[] = fault.kind === 'stop' ? LOSSES : ['kept', 'lost'];
      for (const loss of losses) {
        const left = ended.after(loss);
        check(scenario, left, { at, fault }, loss, scenario.always);
        // Many faults leave the same disk behind, whose recovery is tried once.
        const state = left.stateWithDrive();
        const plan = { at, fault };
        if (!tried.has(state)) tried.set(state, recoverEverywhere(scenario, left, plan, loss, recovered));
        await tried.get(state);
      }
    }
  }
  for (const count of tried.values()) tally.recoveryPoints += await count;
  return tally;
}

function faultsOf(name: string): Fault[] {
  const faults: Fault[] = [];
  if (!HARMLESS.has(name)) faults.push({ kind: 'stop' });
  if (name === 'write') faults.push({ kind: 'short' });
  for (const code of name === 'lock' ? [HELD, 'EMFILE', 'EACCES'] : (ERRORS[name] ?? [])) {
    faults.push({ kind: 'error', code, forGood: false }, { kind: 'error', code, forGood: true });
  }
  return faults;
}

function hostOf(scenario: Scenario, disk: SimulatedDisk, faults: FaultInjector): SimulatedHost {
  return simulatedHost({ ...scenario.host, disk, faults });
}

/** The machine of the recovery, on which no file runs or is held any more. */
function quietHost(scenario: Scenario, disk: SimulatedDisk, faults: FaultInjector): SimulatedHost {
  return simulatedHost({ ...scenario.host, running: [], held: [], disk, faults });
}

/** The disk when the run has ended. */
async function runWith(
  scenario: Scenario,
  start: SimulatedDisk,
  plan: Plan,
  faults: FaultInjector,
): Promise<SimulatedDisk> {
  const disk = start.clone();
  faults.onEffect = () => check(scenario, disk, plan, 'kept', scenario.always);
  await settled(scenario.work(hostOf(scenario, disk, faults)), plan);
  return disk;
}

/**
 * Recovers, then recovers from what a stop at each effect of that recovery leaves. A stop leaves the disk as it was before the
 * effect, so that one run shows them all. Returns the number of stops. `recovered`: the states that a stopped recovery left and
 * from which a second one has succeeded; each is tried once.
 */
async function recoverEverywhere(
  scenario: Scenario,
  left: SimulatedDisk,
  plan: Plan,
  loss: Loss,
  recovered: Set<string>,
): Promise<number> {
  const disk = left.clone();
  const faults = new FaultInjector();
  const rests: { rest: SimulatedDisk; stop: string }[] = [];
  let stops = 0;
  faults.onEffect = (name) => {
    check(scenario, disk, plan, loss, scenario.always);
    if (HARMLESS.has(name)) return;
    stops++;
    for (const second of ['kept', 'lost', 'torn'] as const) {
      const rest = disk.after(second);
      const state = rest.state();
      if (recovered.has(state)) continue;
      recovered.add(state);
      rests.push({ rest, stop: `effect ${faults.seen.length} (${name}, ${second})` });
    }
  };
  // The machine is healthy after the fault, so the recovery has to succeed.
  await scenario.recover(quietHost(scenario, disk, faults)).catch((error) => {
    throw failed(plan, loss, error);
  });
  check(scenario, disk, plan, loss, scenario.afterwards);
  const once = JSON.stringify(disk.picture());
  await scenario.recover(quietHost(scenario, disk, new FaultInjector()));
  if (JSON.stringify(disk.picture()) !== once)
    throw failed(plan, loss, 'a second recovery changed something');

  for (const { rest, stop } of rests) {
    check(scenario, rest, plan, loss, scenario.always);
    await scenario.recover(quietHost(scenario, rest, new FaultInjector())).catch((error) => {
      throw failed(plan, loss, `after a stop at ${stop} of the recovery: ${error}`);
    });
    check(scenario, rest, plan, loss, scenario.afterwards);
  }
  return stops;
}

async function settled(work: Promise<void>, plan: Plan): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw failed(plan, 'kept', error);
  }
}

function check(
  scenario: Scenario,
  disk: SimulatedDisk,
  plan: Plan,
  loss: Loss,
  rule: (disk: SimulatedDisk) => void,
): void {
  try {
    rule.call(scenario, disk);
  } catch (error) {
    throw failed(plan, loss, error);
  }
}

function failed(plan: Plan, loss: Loss, error: unknown): Error {
  return new Error(`effect ${plan.at}, ${JSON.stringify(plan.fault)}, unflushed ${loss}: ${error}`, {
    cause: error,
  });
}
