/** rpm: its database has several forms, so rpm itself is asked. */
import type { Host } from '../../platform/host.ts';
import { type Evidence, type Owner, word } from './evidence.ts';

const RPM = '/usr/bin/rpm';
const DATABASES = ['/usr/lib/sysimage/rpm', '/var/lib/rpm'];
const TIME_LIMIT = 10_000;
/** Nothing of the user's: rpm obeys macros in the home, which may run programs. */
const ENVIRONMENT = { HOME: '/nonexistent', PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/** The first of these that is there updates the packages of this system. */
const FRONT_ENDS = [
  ['rpm-ostree', () => 'sudo rpm-ostree upgrade'],
  ['dnf', (name: string) => `sudo dnf upgrade ${name}`],
  ['zypper', (name: string) => `sudo zypper update ${name}`],
  ['yum', (name: string) => `sudo yum update ${name}`],
] as const;

/** Null if there is no rpm, or it knows nothing of the file. */
export async function rpmOwner(
  processes: Pick<Host['processes'], 'run'>,
  evidence: Evidence,
): Promise<Owner | null> {
  const database = DATABASES.find((folder) => evidence.list(folder).length > 0);
  if (database === undefined || evidence.status(RPM) === null) return null;
  const run = await processes.run(RPM, ['-qf', '--queryformat', '%{NAME}\\n', evidence.path], {
    environment: ENVIRONMENT,
    workingDirectory: '/',
    timeLimit: TIME_LIMIT,
  });
  if (!run.started || run.code !== 0) return null;
  const name = word(run.stdout.split('\n')[0]);
  if (name === null) return null;
  const front = FRONT_ENDS.find(([tool]) => evidence.status(`/usr/bin/${tool}`) !== null);
  const command = front?.[1](name) ?? `sudo rpm --upgrade <the new package of ${name}>`;
  return { manager: 'rpm', package: name, command, evidence: database };
}
