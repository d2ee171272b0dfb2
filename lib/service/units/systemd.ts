/** The service as a systemd user unit: systemd.service(5), systemd.exec(5), systemd.syntax(7). */
import { UsageError } from '../../errors.ts';
import type { ServiceDefinition } from './definition.ts';

/** Exit codes after which a start would end alike: wrong usage, and refused by policy. */
const FINAL = '2 17';

/**
 * SIGTERM goes to the updater alone (KillMode=mixed): a new version that is being tried must not be taken for broken. It ends at
 * once, but finishes a swap first, which may wait for a virus scanner.
 *
 * Throws UsageError if a path can't be written into a unit.
 */
export function systemdUnit({ app, command, environment }: ServiceDefinition): string {
  const variables = Object.entries(environment).map(
    ([name, value]) => `Environment=${quoted(`${name}=${value}`)}\n`,
  );
  return `# Written by \`dgmo-updater service install\`; \`dgmo-updater service uninstall\` removes it.
[Unit]
Description=Updates of ${app} in the background

[Service]
Type=simple
ExecStart=:${started(command).map(quoted).join(' ')}
${variables.join('')}Restart=on-failure
RestartSec=300
RestartPreventExitStatus=${FINAL}
KillMode=mixed
TimeoutStopSec=600
Nice=10
CPUSchedulingPolicy=batch
IOSchedulingClass=idle

[Install]
WantedBy=default.target
`;
}

/** systemd takes no quotes and no backslash in the name of a program, only in its arguments. */
function started(command: ServiceDefinition['command']): readonly string[] {
  return /["'\\]/.test(command[0]) ? ['/bin/sh', '-c', 'exec "$0" "$@"', ...command] : command;
}

/** In double quotes. The colon before the command keeps `$` from being replaced; `%` begins a specifier. */
function quoted(word: string): string {
  if (/\p{Cc}/u.test(word) || !word.isWellFormed())
    throw new UsageError(
      `service: ${JSON.stringify(word)} can't be written into the definition of a service`,
    );
  return `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`;
}
