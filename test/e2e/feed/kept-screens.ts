/**
 * What a person sees, in a real terminal (tmux), kept as text in `screens/`. To look at a change and keep it, run
 * `screens.test.ts` with DGMO_KEEP_SCREENS=1, and read the difference.
 */
import { expect } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { openScreen, type Screen } from '../../support/tmux.ts';
import type { Stage } from '../../update/stage.ts';

export const UTF8 = { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };

/** Nothing of the machine is looked at but the install. */
export const environmentOf = ({ folder, dir }: Stage) => ({
  ...UTF8,
  HOME: folder,
  PATH: `${dir}:/usr/bin:/bin`,
});

export function expectScreen(name: string, screen: string): void {
  const file = path.join(import.meta.dir, 'screens', `${name}.txt`);
  const seen = `${masked(screen)}\n`;
  if (process.env.DGMO_KEEP_SCREENS === '1') fs.writeFileSync(file, seen);
  expect(seen).toBe(fs.readFileSync(file, 'utf8'));
}

export interface Typed {
  updater: string;
  stage: Stage;
  /** What is typed after `dgmo-updater`, as a shell reads it; a line that begins with `!` is not for the updater. */
  lines: readonly string[];
  columns: number;
  /** 120 unless given. */
  rows?: number;
  environment?: Record<string, string>;
}

/** Several commands, one after the other, as they are typed into a shell. */
export function openTranscript({
  updater,
  stage,
  lines,
  columns,
  rows = 120,
  environment = {},
}: Typed): Screen {
  const script = lines.map((line) =>
    line.startsWith('!')
      ? line.slice(1)
      : `echo '$ dgmo-updater ${line.replaceAll("'", `'\\''`)}'; updater ${line}; code=$?; [ $code = 0 ] || echo "[$code]"`,
  );
  const shell = `updater() { '${updater}' "$@" --install-dir '${stage.dir}' --home '${stage.home}'; }\n${script.join('\n')}\nexit 0`;
  return openScreen(['sh', '-c', shell], {
    columns,
    rows,
    environment: { ...environmentOf(stage), ...environment },
  });
}

/** The same to its end. */
export async function transcript(typed: Typed): Promise<string> {
  using screen = openTranscript(typed);
  return await screen.shows('[ended with 0]');
}

/** Times, sizes, ids and the machine differ from run to run. */
function masked(screen: string): string {
  return screen
    .split('\n')
    .map((line) => (isRow(line) ? line.replaceAll(/ {2,}/g, '  ') : line))
    .join('\n')
    .replaceAll(/\S*\/dgmo-(stage|install)-\w{6}/g, '<folder>')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, 'yyyy-mm-dd hh:mm')
    .replaceAll(/(?<=hh:mm )[+-]\d\d:\d\d/g, '<offset>')
    .replaceAll(/[0-9a-f]{64}/g, '<digest>')
    .replaceAll(/(?<=\bprocess )\d+/g, '<pid>')
    .replaceAll(/\b(linux|darwin)-(x64|arm64)(-musl|-baseline)*/g, '<target>')
    .replaceAll(/(processor +|platform: |dgmo-updater 0\.).*/g, '$1<machine>')
    .replaceAll(/\d{8}-\d{6}-[0-9a-f]{4}/g, '<snapshot>')
    .replaceAll(/(?<=damaged-)\d{8}-\d{6}/g, '<time>')
    .replaceAll(/[█░]{18}/g, `${'█'.repeat(9)}${'░'.repeat(9)}`)
    .replaceAll(/\[[#-]{18}\]/g, `[${'#'.repeat(9)}${'-'.repeat(9)}]`)
    .replaceAll(/ +\d+ %/g, '   50 %')
    .replaceAll(/\b[\d.]+ \w+(?=\/s)/g, 'N KB')
    .replaceAll(/\b[\d.]+ (KB|MB|bytes)/g, 'N $1')
    .replaceAll(/freed N (KB|MB|bytes)/g, 'freed N KB')
    .replaceAll(/\b[\d.]+ (ms|s|min)\b/g, 'N s');
}

/** The columns of a table are as wide as the times and sizes in them, those of a row that goes on below as well. */
function isRow(line: string): boolean {
  return /^ *((ID|WHEN|TAKEN|TOOK) |(\d{4}-\d\d-\d\d \d\d:\d\d|\d{8}-\d{6}-[0-9a-f]{4}|[\d.]+ (ms|s|min)) {2})/.test(
    line,
  );
}
