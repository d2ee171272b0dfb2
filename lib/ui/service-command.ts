/** `service run | install | uninstall | status`: the background service. */
import { BackgroundUpdateService } from '../api/index.ts';
import { InterruptedError, UpdaterError } from '../errors.ts';
import type { CommandLine } from './arguments.ts';
import { type CommandContext, isGiven, optionOf } from './context.ts';
import { parseVerb } from './parsing/verbs.ts';
import type { Questions } from './questions.ts';
import { describeService, serviceLine } from './text/service.ts';

export async function runService(context: CommandContext): Promise<void> {
  const { line, report, host } = context;
  const { verb } = parseVerb('service', line.operands);
  const service = serviceOf(context);
  switch (verb) {
    case 'run':
      await service.start();
      report.result('service', '', { ended: await service.finished() });
      return;
    case 'install': {
      const status = await service.install();
      const where = status.definition === null ? '' : ` (${status.definition})`;
      report.result(
        'service',
        `The background service is installed, and runs: ${status.manager}${where}. \`dgmo-updater service uninstall\` removes it.`,
        { ...status },
      );
      return;
    }
    case 'uninstall': {
      const { running } = await service.uninstall();
      const text = running
        ? 'The background service is not started at login any more, but one still runs.'
        : 'The background service is removed, and nothing is left of it.';
      report.result('service', text, { running });
      return;
    }
    case 'status': {
      const status = await service.status();
      const clock = { now: host.clock.now(), localOffset: host.localOffset };
      report.result('service', describeService(status, clock), { ...status });
    }
  }
}

const ENDS = '`dgmo-updater config unset autoUpdate` ends that';

/** For a user who wants updates to be installed by themselves: something has to do it. Says in the end whether something does. */
export async function offerService(context: CommandContext, questions: Questions): Promise<void> {
  const { report } = context;
  try {
    const service = serviceOf(context);
    const { running, installed, installable } = await service.status();
    if (running) return report.text(`From now on updates are installed by themselves. ${ENDS}.`);
    if (installed || !installable) {
      const why = installed
        ? 'the background service is installed, but does not run'
        : 'there is no updater beside DGMO, which the background service needs';
      return report.text(`Nothing is installed by itself yet: ${why}.`);
    }
    report.text('The background service installs updates while DGMO does not run.');
    if (!(await questions.confirm('Start it now and at every login?'))) {
      const how = '`dgmo-updater service install` starts it.';
      report.text(`Until it runs, nothing is installed by itself. ${how}`);
      return;
    }
    const { manager } = await service.install();
    report.text(
      `From now on updates are installed by themselves (${manager}). ${ENDS}, \`dgmo-updater service uninstall\` removes the service.`,
    );
  } catch (error) {
    if (!(error instanceof UpdaterError) || error instanceof InterruptedError) throw error;
    // The update goes on.
    report.text(`Nothing is installed by itself yet: ${error.message}. ${error.advice ?? ''}`.trimEnd());
  }
}

/** What it does is printed as it happens, since nobody watches progress. */
function serviceOf({ line, install, report, host }: CommandContext): BackgroundUpdateService {
  const json = isGiven(line, 'json');
  const quiet = isGiven(line, 'quiet');
  return new BackgroundUpdateService({
    ...install,
    feed: optionOf(line, 'feed'),
    caFile: optionOf(line, 'ca-file'),
    allowPlainHttp: isGiven(line, 'allow-http'),
    options: keptOptions(line, line.operands[0] === 'run'),
    onEvent(event) {
      const text = json || quiet ? null : serviceLine(event, host);
      if (text !== null) report.text(text);
      else report.event(event);
    },
  });
}

/** Those that say which installation it is are added anyway; how its output looks is of no interest to a service manager. */
const ADDED = new Set(['install-dir', 'home', 'app', 'yes']);
const OUTPUT = new Set(['json', 'quiet', 'verbose', 'no-color']);

function keptOptions({ values }: CommandLine, withOutput: boolean): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (ADDED.has(name) || (!withOutput && OUTPUT.has(name))) return [];
    return typeof value === 'string' ? [`--${name}`, value] : value === true ? [`--${name}`] : [];
  });
}
