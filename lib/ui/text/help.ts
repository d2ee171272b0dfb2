/** The help texts. */
import type { CommandName } from '../arguments.ts';
import { SETTING_TEXTS } from './settings.ts';

const EVERYWHERE = `
Everywhere:
  --install-dir <dir>   the folder with the executable (default: the folder of dgmo-updater)
  --home <dir>          settings and trust (default: $DGMO_HOME, else ~/.dgmo)
  --app <name>          which program (default: the one that this updater was built for)
  --json                JSON lines on standard output, the last of them the result; never prompts
  --quiet, --verbose    say less, say more
  --yes                 answer every question with yes
  --no-color            no colors (also: NO_COLOR)
  -h, --help            this text
  -V, --version         the version of the updater
`;

const LIMITS = `
  --held-limit <s>      how long another process may hold the executable (default 30)
  --probe-limit <s>     how long the new version may take to print its version (default 30)`;

const FEED = `
  --feed <url>          use this feed instead of the configured one
  --channel <name>      use this channel instead of the configured one
  --ca-file <file>      PEM file with authorities to trust besides the built-in ones (also: NODE_EXTRA_CA_CERTS)
  --allow-http          accept plain http, not only on loopback`;

const TEXTS: Record<CommandName, string> = {
  help: `dgmo-updater: updates DGMO, and goes back to earlier versions.

  dgmo-updater                    what state the installation is in, and what will help
  dgmo-updater --apply <package> [-- <arguments for the new dgmo>]
                                  verify the package, swap the executable, start it again
  dgmo-updater check              look for an update
  dgmo-updater update             check, ask, download, install
  dgmo-updater download           check and download, but do not install
  dgmo-updater rollback           go back to the version before, with its data
  dgmo-updater snapshots          list and manage the states to go back to
  dgmo-updater status             show what is installed, and whether it is sound
  dgmo-updater verify             check everything that belongs to the installation
  dgmo-updater doctor             look at everything around it; what a bug report should contain
  dgmo-updater repair             put right what is damaged or missing
  dgmo-updater history            every update and rollback, and how it ended
  dgmo-updater recover            finish or undo an interrupted update
  dgmo-updater confirm            DGMO says that it is well
  dgmo-updater skip|unskip <v>    never mind that version, or offer it again
  dgmo-updater pin <v> | unpin    stay at that version, or go on
  dgmo-updater config             show and change the settings, and who decided them
  dgmo-updater service            keep everything up to date in the background
  dgmo-updater init               adopt an installed executable
  dgmo-updater man                all of this as a man page
  dgmo-updater completions        commands, ids and versions with Tab, in bash, zsh, fish and PowerShell
  dgmo-updater version            print the version of the updater

\`dgmo-updater help <command>\` explains a command.

Examples:
  dgmo-updater update             see what is new, and decide
  dgmo-updater rollback           something is wrong since the last update
  dgmo-updater status             what is here, and is it sound
${EVERYWHERE}
Exit codes: 0 done; 1 a fault of the updater; 2 wrong usage; 10 not trusted; 11 damaged; 12 the machine (disk,
permission, locked file); 13 the network; 14 busy; 15 the update failed and the old version is back;
16 recovery needed; 17 refused by policy; 100 something is offered, where check is told to end so; 130 interrupted, nothing changed.
`,
  version: `dgmo-updater version

Prints the version of the updater itself, as \`--version\` does. \`status\` has that of DGMO.

Examples:
  dgmo-updater version
${EVERYWHERE}`,
  recovery: '',
  apply: `dgmo-updater --apply <package> [options] [-- <arguments for the new dgmo>]

Verifies the package, prepares the new executable beside the old one, waits for DGMO to exit, and swaps them. Then it
starts the new version once to see that it works (if not, the old one is restored: exit code 15), and starts DGMO again.
DGMO runs this itself, and with it says that its user has agreed: it asks nothing, and needs no --yes.

  --wait-pid <pid>      the process to wait for (default: the parent, if it is DGMO; 0: none)
  --no-wait             wait for no process and start none: a running DGMO keeps running, its next start is the new version
  --no-relaunch         do not start DGMO again
  --evolutions <ids>    which of the evolutions in the package to install: ids with commas, all, or none (default: those
                        that apply automatically, and new versions of those that are installed)
  --allow-downgrade     the package may have an older version than the installed one
  --via <package>       a package with a patch to the version that <package> starts from; may be repeated, in order
  --exit-limit <s>      how long DGMO may take to exit (default 60)${LIMITS}

Examples:
  dgmo-updater --apply dgmo-2.0.0.dgmopkg --no-wait
  dgmo-updater --apply dgmo-2.0.0.dgmopkg --wait-pid 4711 -- resume abc
${EVERYWHERE}`,
  check: `dgmo-updater check [options]

Reads the feed's signed metadata and shows what it offers to this installation. Changes nothing.

  --exit-code           end with 100 if something is offered, so that a script need not read the text${FEED}

Examples:
  dgmo-updater check
  dgmo-updater check --exit-code || echo there is something new
${EVERYWHERE}`,
  download: `dgmo-updater download [--version <v>] [options]

Checks, and downloads what is offered into the cache: a patch, a chain of patches or the full binary, whichever is
smallest. Prints the paths of the files. \`dgmo-updater update\` installs them.

  --version <v>         this version instead of the one that is offered${FEED}

Examples:
  dgmo-updater download
  dgmo-updater download --version 2.0.0 --json
${EVERYWHERE}`,
  update: `dgmo-updater update [--yes] [--version <v>] [--check-only] [options] [-- <arguments for the new dgmo>]

Checks, shows what is offered, asks, downloads and installs it; also called upgrade. A running DGMO keeps running: its
next start is the new version. Without a terminal nothing is asked, and nothing is done without --yes.

  --version <v>         this version instead of the one that is offered; may be an older one
  --evolutions <ids>    which of its evolutions to install: ids with commas, all, or none
  --check-only          only show what is offered
  --wait-pid <pid>      wait for this process to exit before the swap, and start DGMO again after it
  --no-wait             wait for no process and start none: this is the default
  --no-relaunch         with --wait-pid: do not start DGMO again
  --exit-limit <s>      how long DGMO may take to exit (default 60)${LIMITS}${FEED}

Examples:
  dgmo-updater update
  dgmo-updater update --yes --evolutions all
  dgmo-updater update --version 1.4.2
${EVERYWHERE}`,
  config: `dgmo-updater config [list]                every setting, its value, and who decided it
dgmo-updater config get [<key>]
dgmo-updater config set <key> <value>
dgmo-updater config unset <key>            back to the default
dgmo-updater config explain [<key>]        what it is for, what it may be, who decided it and who was overruled

What counts is, in this order: the administrator's policy, the environment (DGMO_UPDATER_AUTO_UPDATE for autoUpdate, and so
on), what you have set, the default. The policy is a JSON object with the same keys, in /etc/dgmo-updater/policy.json
(macOS: /Library/Application Support, Windows: %ProgramData%). It counts if root owns it and nobody else may write it.

${Object.entries(SETTING_TEXTS)
  .map(([key, { values, about }]) => `  ${key.padEnd(17)}${values}\n                     ${about}`)
  .join('\n')}

Examples:
  dgmo-updater config set channel beta
  dgmo-updater config set minimumAge 3d
  DGMO_UPDATER_AUTO_UPDATE=off dgmo-updater config explain autoUpdate
${EVERYWHERE}`,
  skip: `dgmo-updater skip <version>

That version is not offered any more, until \`unskip\`. \`update\` that you type still shows it, and says that you skipped it.

Examples:
  dgmo-updater skip 2.0.0
${EVERYWHERE}`,
  unskip: `dgmo-updater unskip <version>

Offers a version again that was skipped, or that you went back from.

Examples:
  dgmo-updater unskip 2.0.0
${EVERYWHERE}`,
  pin: `dgmo-updater pin <version>

No other version is offered, until \`unpin\`. The same as \`config set pin <version>\`.

Examples:
  dgmo-updater pin 1.4.2
${EVERYWHERE}`,
  unpin: `dgmo-updater unpin

Offers newer versions again after \`pin\`.

Examples:
  dgmo-updater unpin
${EVERYWHERE}`,
  completions: `dgmo-updater completions bash|zsh|fish|powershell

Prints what the shell reads to complete commands, options, settings, ids of snapshots and versions with Tab. The first line
says where to put it.

Examples:
  dgmo-updater completions bash
  dgmo-updater completions zsh
${EVERYWHERE}`,
  man: `dgmo-updater man

Prints the man page, dgmo-updater(1), which says what all the help texts say. The scripts that install DGMO put it where \`man\`
looks; \`dgmo-updater man | man -l -\` shows it at once.

Examples:
  dgmo-updater man
${EVERYWHERE}`,
  service: `dgmo-updater service run | install | uninstall | status

The background service. It looks for updates at its start, every six hours, when a network comes and when the machine wakes. What
\`config set autoUpdate\` allows (all, security) it downloads and installs when DGMO does not run, or has said that it may; the rest
it tells: by a notification, and at the next start of DGMO. It also verifies the installation, and puts back a damaged
executable. It waits on battery, on networks that are paid by volume, and for \`updateWindow\`.

  run           runs until it is stopped (Ctrl-C, SIGTERM); one for each home
  install       starts it now and at every login: a systemd user unit, a launchd agent, or a task of the Task Scheduler
  uninstall     ends it, and removes all that it has written
  status        whether it runs, its last and its next check, and what it waits for
${FEED}${LIMITS}

Examples:
  dgmo-updater service install
  dgmo-updater service status
  dgmo-updater service uninstall
${EVERYWHERE}`,
  history: `dgmo-updater history

Every update, rollback and repair of this installation, when it was, how long it took, and how it ended.

Examples:
  dgmo-updater history
  dgmo-updater history --json
${EVERYWHERE}`,
  init: `dgmo-updater init [--version <v>] [--root <root.json>] [--feed <url>]

Adopts an executable that is already installed: starts it once to ask for its version, and records version and digest.

  --version <v>         which version it is, if it does not say so itself
  --root <root.json>    trust this root from now on (default: the one compiled in)
  --feed <url>          where its releases are published

Examples:
  dgmo-updater init --version 1.2.0
  dgmo-updater init --version 1.2.0 --feed https://updates.example.org/dgmo/ --root root.json
${EVERYWHERE}`,
  rollback: `dgmo-updater rollback [<snapshot>] [--to <version>] [--only <components>] [options]

Goes back to the state before the last change: executable, config, plugins, evolutions and data. A snapshot of the current
state is taken first, so that the rollback can be rolled back. A running DGMO is ended, and started again. It shows what
will change and asks; without a terminal it does nothing without --yes. A version that was taken back here because it did
not work is passed over, unless you name it.

  <snapshot>            an id of \`dgmo-updater snapshots list\`, or the beginning of one
  --to <version>        the newest snapshot of this version
  --only <components>   some of binary, config, plugins, evolutions, data, with commas between them
  --kill                end DGMO by force if it does not end when it is asked to
  --force               go back even if the release says that this is not possible
  --no-relaunch         do not start DGMO again
  --exit-limit <s>      how long DGMO may take to exit (default 60)${LIMITS}

Examples:
  dgmo-updater rollback
  dgmo-updater rollback --to 1.4.0
  dgmo-updater rollback 20261125-1842 --only config,plugins
${EVERYWHERE}`,
  snapshots: `dgmo-updater snapshots [list]
dgmo-updater snapshots create [--reason <text>] [--pin]
dgmo-updater snapshots show <id>
dgmo-updater snapshots verify [<id>]
dgmo-updater snapshots prune [--keep <n>]
dgmo-updater snapshots compact
dgmo-updater snapshots pin <id> | unpin <id> | remove <id>

Snapshots are states to go back to. Every update and every rollback takes one first. The last five are kept, and the pinned
ones. verify reads and checks all of a snapshot. An id may be shortened as long as it is unique. OWN is the space that only
this snapshot uses; an id bears the time in UTC, and TAKEN is by your clock. compact stores older executables as patches from newer ones, which an update starts by itself. remove and prune ask first; without a terminal they remove nothing without --yes.

Examples:
  dgmo-updater snapshots create --reason "before the migration" --pin
  dgmo-updater snapshots remove 20261125-1842
${EVERYWHERE}`,
  recover: `dgmo-updater recover

Finishes or undoes an interrupted update or rollback, and restores a lost receipt. Every command that changes something does the
first of these as well. If the executable is damaged or missing, it is put back as \`repair\` does.
${FEED}${LIMITS}

Examples:
  dgmo-updater recover
${EVERYWHERE}`,
  confirm: `dgmo-updater confirm [--version <v>]

For DGMO, once it is up and well. A version whose release promises this is left again if it does not confirm in time, or
ends three times within ten minutes before it has: the version before is restored, with its data, and the new one is not
offered here any more.

  --version <v>         the version that is well: a DGMO that still runs the version before an update does not speak for the
                        new one (default: the installed version)

Examples:
  dgmo-updater confirm
  dgmo-updater confirm --version 2.0.0
${EVERYWHERE}`,
  'finish-updater': `dgmo-updater finish-updater <pid>

Takes the place of the updater that runs as this process, once that has ended. The updater runs this by itself, on Windows, when
a release brings a new updater.
${LIMITS}

Examples:
  dgmo-updater finish-updater 4711
${EVERYWHERE}`,
  watch: `dgmo-updater watch <pid>

Waits until the process, a new version of DGMO, has confirmed that it is well. The updater runs this by itself, in the
background, when it becomes DGMO in a terminal.

  --exit-limit <s>      how long DGMO may take to exit (default 60)${LIMITS}

Examples:
  dgmo-updater watch 4711
${EVERYWHERE}`,
  status: `dgmo-updater status

Shows what is installed, how it was installed, and whether its bytes are unchanged. An update that was interrupted is told, and
left as it is. Changes nothing. The exit code is 11 if the executable is damaged or missing, 12 if it can't be run.

Examples:
  dgmo-updater status
  dgmo-updater status --json
${EVERYWHERE}`,
  doctor: `dgmo-updater doctor [--offline] [--json]

One page about the installation and its surroundings: versions, where things are, health, who owns it, PATH, space, locks,
processor, settings that are not the default and who decided them, what happened last, proxy, network, clock. Each finding says
what to do. Changes nothing. No secrets are in it, so \`doctor --json\` is what a bug report should contain.

  --offline             ask nothing of the network${FEED}

Examples:
  dgmo-updater doctor
  dgmo-updater doctor --json --offline
${EVERYWHERE}`,
  repair: `dgmo-updater repair [--offline] [--yes]

Puts right what \`verify --full\` finds. The executable comes from the nearest source that can be verified: a copy that is kept
here, the older version and the downloaded patch, else the feed. Config, plugins and evolutions come from a snapshot or the
signed package; what is damaged of them is kept beside, with the date in its name. A snapshot is taken first. Without a
terminal nothing is changed without --yes.

  --offline             use only what is on this machine${FEED}${LIMITS}

Examples:
  dgmo-updater repair
  dgmo-updater repair --yes --offline
${EVERYWHERE}`,
  verify: `dgmo-updater verify [--full]

Checks everything that belongs to the installation: the executable, the updater, config, plugins and evolutions, permissions,
the trusted roots, the snapshots, the updater's records, and what the shell starts. Changes nothing. The exit code is 0 if it
is healthy, 10 if others may write what is believed, 11 if something is damaged or missing, 12 if the machine does not let it be
read or run.

  --full                read everything; otherwise a file that was not written since it was last read is not read again. Of large
                        files that nobody has written since, a checksum is compared for a week, then SHA-256 again

Examples:
  dgmo-updater verify
  dgmo-updater verify --full
${EVERYWHERE}`,
};

export function helpText(command: CommandName): string {
  return TEXTS[command];
}
