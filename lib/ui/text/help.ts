/** The help texts. */
import type { CommandName } from '../arguments.ts';

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

const FEED = `
  --feed <url>          in place of the feed that was configured
  --channel <name>      in place of the channel that was configured
  --ca-file <file>      authorities to trust besides the built-in ones, PEM (also: NODE_EXTRA_CA_CERTS)
  --allow-http          accept plain http, not only on loopback`;

const TEXTS: Record<CommandName, string> = {
  help: `dgmo-updater: brings DGMO from one version to the next, and back.

  dgmo-updater --apply <package> [-- <arguments for the new dgmo>]
                                  verify the package, swap the executable, start it again
  dgmo-updater check              is there something new?
  dgmo-updater update             check, ask, download, install
  dgmo-updater download           check and download, and install nothing
  dgmo-updater rollback           back to the version before, with its data
  dgmo-updater snapshots          what there is to go back to
  dgmo-updater status             what is installed, and whether it is sound
  dgmo-updater recover            finish or take back what was interrupted
  dgmo-updater config get|set     how updates are done here
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
  --evolutions <ids>    which of the evolutions in the package are installed: ids with commas, all, or none (default: those
                        that apply by themselves, and those that are installed)
  --allow-downgrade     the package may bring an older version than the installed one
  --via <package>       a package whose patch leads to the version that <package> starts from; may be repeated, in order
  --exit-limit <s>      how long DGMO may take to exit (default 60)${LIMITS}
${EVERYWHERE}`,
  check: `dgmo-updater check [options]

Reads the feed's signed metadata and tells what it offers to this installation. Changes nothing.
${FEED}
${EVERYWHERE}`,
  download: `dgmo-updater download [--version <v>] [options]

Checks, and downloads what is offered into the cache: the cheapest of a patch, a chain of patches and the full binary.
Prints where it stands; \`dgmo-updater update\` goes on from there.

  --version <v>         this version, in place of the one that is offered
${FEED}
${EVERYWHERE}`,
  update: `dgmo-updater update [--yes] [--version <v>] [--check-only] [options] [-- <arguments for the new dgmo>]

Checks, shows what is offered, asks, downloads and installs it. A DGMO that runs keeps running: its next start is the
new version. Without a terminal nothing is asked, and nothing done without --yes.

  --version <v>         this version, in place of the one that is offered; may be an older one
  --evolutions <ids>    which of its evolutions are installed: ids with commas, all, or none
  --check-only          only tell what is offered
  --wait-pid <pid>      wait for this process to exit before the swap, and start DGMO again after it
  --no-wait             wait for nobody and start nothing: this is the default
  --no-relaunch         with --wait-pid: do not start DGMO again
  --exit-limit <s>      how long DGMO may take to exit (default 60)${LIMITS}
${FEED}
${EVERYWHERE}`,
  config: `dgmo-updater config get [<key>]
dgmo-updater config set <key> <value>

  autoUpdate            all, security or manual: what the background service installs by itself (default manual)
  channel               the channel of the feed (default stable)
  feed                  the feed's address, or none: as it was installed (default none)
  checkApi              address of a check API that is asked besides the feed, or none (default none)
  telemetry             on or off (default off): four anonymous fields for the check API, listed in README.md
  caFile                the full path of a PEM file with authorities to trust besides the built-in ones, or none (default none)
  configFolder, pluginsFolder, dataFolder, evolutionsFolder
                        where these are, or none: in the home, and where programs of this family keep them
  snapshotExclude       patterns, with commas, that snapshots leave out besides caches and logs (default none)
  snapshotInclude       patterns that they hold all the same (default none)
  snapshotsKept         how many snapshots are kept (default 5)
${EVERYWHERE}`,
  init: `dgmo-updater init --version <v> [--root <root.json>] [--feed <url>]

Adopts an executable that is installed already: writes down its version and digest.

  --version <v>         which version it is
  --root <root.json>    trust this root from now on (default: the one compiled in)
  --feed <url>          where its releases are published
${EVERYWHERE}`,
  rollback: `dgmo-updater rollback [<snapshot>] [--to <version>] [--only <components>] [options]

Goes back to the state before the last change: executable, config, plugins, evolutions and data. What is there now is
taken as a snapshot first, so that the rollback can be rolled back. A DGMO that runs is ended, and started again.

  <snapshot>            an id of \`dgmo-updater snapshots list\`, or the beginning of one
  --to <version>        the newest snapshot of this version
  --only <components>   some of binary, config, plugins, evolutions, data, with commas between them
  --kill                end a DGMO by force that does not end when it is asked to
  --force               go back even where the release says that this is not possible
  --no-relaunch         do not start DGMO again
  --exit-limit <s>      how long DGMO may take to exit (default 60)${LIMITS}
${EVERYWHERE}`,
  snapshots: `dgmo-updater snapshots [list]
dgmo-updater snapshots create [--reason <text>] [--pin]
dgmo-updater snapshots show <id>
dgmo-updater snapshots verify [<id>]
dgmo-updater snapshots prune [--keep <n>]
dgmo-updater snapshots pin <id> | unpin <id> | remove <id>

States to go back to. Every update and every rollback begins with one; the last five are kept, and the pinned ones.
verify reads all of it. An id may be shortened as long as it is clear. OWN is the room that only this one takes.
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
