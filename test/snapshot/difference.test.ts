/** What a rollback does to a folder, case by case: what is there, what the snapshot has, and what is to be done. */
import { expect, test } from 'bun:test';
import type { FileStatus } from '../../lib/platform/disk.ts';
import type { Found } from '../../lib/snapshot/capture/walk.ts';
import { difference, isEmpty } from '../../lib/snapshot/restore/difference.ts';
import type { Entry } from '../../lib/snapshot/store/tree.ts';

/** Something by that path, as it is there and as a snapshot has it. Its content is a text. */
interface Thing {
  path: string;
  kind: 'file' | 'folder' | 'link' | 'skipped';
  /** Of a file its content, of a link where it leads. */
  text?: string;
  mode?: number;
  modified?: number;
  mustStay?: boolean;
}

const file = (path: string, text = '', more: Partial<Thing> = {}): Thing => ({
  kind: 'file',
  path,
  text,
  ...more,
});
const folder = (path: string, more: Partial<Thing> = {}): Thing => ({ kind: 'folder', path, ...more });
const link = (path: string, text: string): Thing => ({ kind: 'link', path, text });
const skipped = (path: string): Thing => ({ kind: 'skipped', path });

function foundOf({ kind, path, text = '', mode = 0o644, modified = 1000, mustStay = false }: Thing): Found {
  const status = { kind: 'file', size: text.length, mode, modifiedMicros: modified } as FileStatus;
  if (kind === 'folder') return { kind, path, status, mustStay };
  if (kind === 'link') return { kind, path, status, target: text };
  return kind === 'file' ? { kind, path, status } : { kind, path, reason: 'it may not be read' };
}

function entryOf({ kind, path, text = '', mode = 0o644, modified = 1000 }: Thing): Entry {
  if (kind === 'folder') return { kind, path, mode, modified };
  if (kind === 'link') return { kind, path, target: text };
  if (kind === 'skipped') return { kind, path, reason: 'it may not be read' };
  return { kind, path, mode, modified, size: text.length, holes: false, content: { clone: text } };
}

/** The paths in each list that has any. */
function differenceOf(now: Thing[], then: Thing[]): Record<string, string[]> {
  const contents = new Map(now.map(({ path, text }) => [path, text]));
  const found = difference({
    found: now.map(foundOf),
    wanted: { mode: 0o755, entries: then.map(entryOf) },
    holds: (path, _, { content }) => 'clone' in content && contents.get(path) === content.clone,
  });
  const lists = Object.entries(found).filter(([, list]) => list.length > 0);
  expect(isEmpty(found)).toBe(lists.every(([name]) => name === 'leftAlone'));
  return Object.fromEntries(
    lists.map(([name, list]) => [
      name,
      list.map((one: string | { path: string }) => (typeof one === 'string' ? one : one.path)),
    ]),
  );
}

const all = [folder('d'), file('d/f', 'text'), link('l', 'd/f')];
const cases: [what: string, now: Thing[], then: Thing[], wanted: Record<string, string[]>][] = [
  ['nothing has changed', all, all, {}],
  ['everything is new since', all, [], { remove: ['l', 'd/f', 'd'] }],
  ['everything is gone', [], all, { folders: ['d'], write: ['d/f', 'l'] }],
  ['another content of the same size', [file('f', 'new')], [file('f', 'old')], { write: ['f'] }],
  ['another size', [file('f', 'newer')], [file('f', 'old')], { write: ['f'] }],
  ['another target', [link('l', 'b')], [link('l', 'a')], { write: ['l'] }],
  [
    'another mode of a file and a folder',
    [file('f', '', { mode: 0o600 }), folder('g', { mode: 0o700 })],
    [file('f'), folder('g')],
    { touch: ['f', 'g'] },
  ],
  [
    'another time, by more than the system rounds',
    [file('f', '', { modified: 1002 }), file('g', '', { modified: 1003 })],
    [file('f'), file('g')],
    { touch: ['g'] },
  ],
  ['a file where a link was: it is replaced', [file('a', 'x')], [link('a', 'x')], { write: ['a'] }],
  ['a link where a file was: it is replaced', [link('a', 'x')], [file('a', 'x')], { write: ['a'] }],
  ['a file where a folder was', [file('a')], [folder('a')], { remove: ['a'], folders: ['a'] }],
  [
    'a folder where a file was',
    [folder('a'), file('a/new')],
    [file('a')],
    { remove: ['a/new', 'a'], write: ['a'] },
  ],
  [
    'a folder that must stay where a file was',
    [folder('a', { mustStay: true }), file('a/new')],
    [file('a')],
    { remove: ['a/new'], write: ['a'], blocked: ['a'] },
  ],
  [
    'a new folder that must stay',
    [folder('a', { mustStay: true }), file('a/new')],
    [],
    { remove: ['a/new'] },
  ],
  ['a new pipe', [skipped('pipe')], [], {}],
  [
    'what could not be captured then is left alone, and what is in it',
    [folder('d'), file('d/closed'), folder('d/e'), file('d/e/f'), file('d/e-not-in-it')],
    [folder('d'), skipped('d/closed'), skipped('d/e')],
    { remove: ['d/e-not-in-it'], leftAlone: ['d/e/f', 'd/closed'] },
  ],
  [
    'what may not be looked at now is left alone, and what was in it',
    [skipped('closed'), file('closed-not-in-it', 'new')],
    [folder('closed'), file('closed/f'), file('closed-not-in-it', 'old')],
    { write: ['closed-not-in-it'], leftAlone: ['closed', 'closed/f'] },
  ],
  [
    'the index of a database that is as it was',
    [file('db', 'rows'), file('db-shm', 'index'), file('db-wal', 'log')],
    [file('db', 'rows'), file('db-wal', 'log')],
    {},
  ],
  [
    'the index of a database that is written',
    [file('db', 'rows'), file('db-shm', 'index')],
    [file('db', 'less')],
    { write: ['db'], remove: ['db-shm'] },
  ],
  [
    'the index of a database whose log is written, and of one whose log is removed',
    [file('a', ''), file('a-shm'), file('a-wal', 'new'), file('b', ''), file('b-shm'), file('b-wal', 'new')],
    [file('a', ''), file('a-wal', 'old'), file('b', '')],
    { write: ['a-wal'], remove: ['b-wal', 'a-shm', 'b-shm'] },
  ],
  ['an index whose database is new', [file('db', 'rows'), file('db-shm')], [], { remove: ['db-shm', 'db'] }],
  [
    'a folder by the name of an index',
    [file('db', 'rows'), folder('db-shm')],
    [file('db', 'less')],
    { write: ['db'] },
  ],
  [
    'a file that a snapshot has by the name of an index',
    [file('db', 'rows'), file('db-shm', 'mine')],
    [file('db', 'less'), file('db-shm', 'mine')],
    { write: ['db'] },
  ],
];

test.each(cases)('%s', (_, now, then, wanted) => {
  expect(differenceOf(now, then)).toEqual(wanted);
});
