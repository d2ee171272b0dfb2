/** The help texts. */
import type { CommandName } from './arguments.ts';

const EVERYWHERE = `
Everywhere:
  --install-dir <dir>   the folder with the executable (default: where dgmo-updater itself stands)
  --home <dir>          settings and trust (default: $DGMO_HOME, else ~/.dgmo)
  --app <name>          which program (default: the one that this updater was built for)
  --json                JSON lines on standard output, the last of them the result; never prompts
  --quiet, --verbose    say less, say more
  --yes                 answer every question with yes
  --no-color            no colors (also: NO_COLOR)
  --help, --version
`;

const LIMITS = `
  --held-limit <s>      how long another process may hold the executable (default 30)
  --probe-limit <s>     how long the new version may take to print its version (default 30)`;

const TEXTS: Record<CommandName, string> = {
  help: `dgmo-updater: brings DGMO from one version to the next, and back.

  dgmo-updater --apply <package> [-- <arguments for the new dgmo>]
                                  verify the package, swap the executable, start it again
  dgmo-updater rollback           back to the version before
  dgmo-updater status             what is installed, and whether it is sound
  dgmo-updater recover            finish or take back what was interrupted
  dgmo-updater init --version <v> adopt an installed executable

\`dgmo-updater <command> --help\` tells more of each.
${EVERYWHERE}
Exit codes: 0 done; 1 a fault of the updater; 2 wrong usage; 10 not trusted; 11 damaged; 12 the machine (disk,
permission, locked file); 13 the network; 14 busy; 15 the update failed and the old version is back;
16 recovery needed; 17 refused by policy; 130 interrupted, nothing changed.
`,
  version: '',
  apply: `dgmo-updater --apply <package> [options] [-- <arguments for the new dgmo>]

Verifies the package, prepares the new executable beside the old one, waits for DGMO to exit, swaps, starts the
new version once to see that it works (else the old one comes back: exit code 15), and starts DGMO again.

  --wait-pid <pid>      the process to wait for (default: the parent, when it is DGMO; 0: none)
  --no-wait             wait for nobody and start nothing: what runs keeps running, the next start is the new version
  --no-relaunch         do not start DGMO again
  --exit-limit <s>      how long DGMO may take to exit (default 60)${LIMITS}
${EVERYWHERE}`,
  init: `dgmo-updater init --version <v> [--root <root.json>] [--feed <url>]

Adopts an executable that is installed already: writes down its version and digest.

  --version <v>         which version it is
  --root <root.json>    trust this root from now on (default: the one compiled in)
  --feed <url>          where its releases are published
${EVERYWHERE}`,
  rollback: `dgmo-updater rollback [--yes]

Goes back to the version that the last update replaced. It can be rolled back in turn.
${LIMITS}
${EVERYWHERE}`,
  recover: `dgmo-updater recover

Finishes or takes back what was interrupted, and writes a lost receipt again. Every other command does the first
of these by itself.
${LIMITS}
${EVERYWHERE}`,
  status: `dgmo-updater status

What is installed, how it came, and whether its bytes are what they should be. Changes nothing, but that it closes
what was interrupted, as every command does.
${EVERYWHERE}`,
};

export function helpText(command: CommandName): string {
  return TEXTS[command];
}
