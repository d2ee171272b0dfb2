/**
 * Every kind of file that the feed has, by a server process that misbehaves at it: the compiled updater ends with the
 * code of the contract, names the cause, and the old version stands.
 */
import { expect, test } from 'bun:test';
import type { Standing } from './standing.ts';

const METADATA = ['timestamp', 'snapshot', 'targets', 'delegated'] as const;
const DOCUMENTS = ['index', 'manifest'] as const;
const ALL = ['root', ...METADATA, ...DOCUMENTS, 'package'] as const;
type Kind = (typeof ALL)[number];

/** How the file that is at fault is called in a message. */
const NAMES: Record<Kind, string> = {
  root: '2\\.root\\.json',
  timestamp: 'timestamp\\.json',
  snapshot: 'snapshot\\.json',
  targets: 'targets\\.json',
  delegated: `${process.platform}-${process.arch}\\.json`,
  index: `/channels/stable/[0-9a-f]{64}\\.${process.platform}-${process.arch}\\.json`,
  manifest: '/releases/2\\.0\\.0/[0-9a-f]{64}\\.manifest\\.json',
  package: '/releases/2\\.0\\.0/.*\\.full\\.dgmopkg',
};
const HOST = '127\\.0\\.0\\.1:\\d+';

/** What the server does, at which files, the code, and the cause; `NAME` in it is the file. */
const TROUBLES: [behaviour: string, kinds: readonly Kind[], code: number, says: string][] = [
  // A package is asked for six times, with growing pauses: first, so that the others happen meanwhile.
  ['500', ['package'], 13, `${HOST} answered 500 for .*NAME`],
  ['cut', ['package'], 13, `${HOST} closed the connection before it was done`],
  ['500', ['root', ...METADATA, ...DOCUMENTS], 13, `${HOST} answered 500 for .*NAME`],
  ['404', METADATA, 13, 'NAME: the feed has no such file'],
  ['404', DOCUMENTS, 13, 'NAME: the feed lists this file, but does not have it'],
  ['404', ['package'], 13, `${HOST} answered 404 for .*NAME`],
  ['cut', ['root', 'timestamp', 'index'], 13, `${HOST} closed the connection before it was done`],
  ['html', ALL, 13, `a web page came instead of the file from ${HOST}`],
  ['html-as-json', ['root', 'timestamp'], 13, 'NAME: wanted JSON'],
  ['html-as-json', ['index', 'package'], 11, 'signed'],
  ['loop', ['timestamp', 'index', 'package'], 13, `${HOST} redirects in a circle`],
  ['elsewhere', ['timestamp', 'index', 'package'], 13, 'http://feed\\.test is not encrypted'],
  ['endless', ['root', ...METADATA, ...DOCUMENTS], 10, 'NAME: wanted at most \\d+ bytes, found more'],
  ['endless', ['package'], 11, 'the server sent more than the signed \\d+ bytes'],
  ['forged', METADATA, 10, 'not trusted: .*NAME'],
  ['forged', DOCUMENTS, 11, 'NAME: wanted the signed \\d+ bytes with SHA-256 [0-9a-f]{64}, found'],
  [
    'forged',
    ['package'],
    11,
    `the file from ${HOST} has SHA-256 [0-9a-f]{64}, wanted the signed [0-9a-f]{64}`,
  ],
  ['short', DOCUMENTS, 11, 'NAME: wanted the signed \\d+ bytes .*, found'],
  ['short', ['package'], 11, `the file on ${HOST} has \\d+ bytes, wanted the signed \\d+`],
];
const CASES = TROUBLES.flatMap(([behaviour, kinds, code, says]) =>
  kinds.map((kind): [string, Kind, number, RegExp] => [
    behaviour,
    kind,
    code,
    new RegExp(says.replace('NAME', NAMES[kind])),
  ]),
);

export function eachFile(standing: () => Standing): void {
  const update = (behaviour: string, kind: Kind, command: string[]) =>
    standing().run(standing().freshHome(), [
      ...command,
      '--feed',
      `http://127.0.0.1:${standing().server.port}/${behaviour}/${kind}/`,
    ]);

  test.concurrent.each(CASES)(
    '%s at the %s: %d',
    async (behaviour, kind, code, says) => {
      standing().refused(await update(behaviour, kind, ['update', '--yes']), code, says);
    },
    60_000,
  );

  test.concurrent('these are all the kinds of file that an update asks for', async () => {
    const { stage } = standing();
    const home = standing().freshHome();
    const ran = await standing().run(home, ['download']);
    expect(ran.code).toBe(0);
    const asked = stage.asked.map(({ path }) => path);
    expect(asked).toHaveLength(ALL.length);
    for (const [index, kind] of ALL.entries()) expect(asked[index]).toMatch(new RegExp(`${NAMES[kind]}$`));
  });

  test.concurrent('404 where a newer root would be is no fault: that is how the newest one is known', async () => {
    const ran = await update('404', 'root', ['check']);
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: expect.any(String) });
    expect(ran.stdout).toContain('2.0.0 is available');
  });
}
