/**
 * The corpus: every kind of damage to every component, and pairs of them. Where the source of truth can be reached, `repair`
 * ends with a healthy install; where it can't, nothing is worse than before. The table of results is printed.
 */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { type HealthIssue, UpdaterError } from '../../lib/index.ts';
import { COMPONENTS, type Component, type Damage, inflict, KINDS, type Kind } from './damages.ts';
import { openHealthStage } from './stage.ts';

const SEED = Number(process.env.DGMO_SEED ?? 10);
const PAIRS = 320;

const here = await openHealthStage();
fs.writeFileSync(path.join(here.stage.folder, 'elsewhere'), 'something else\n');
beforeEach(() => here.reset());
afterAll(() => here[Symbol.asyncDispose]());

const isRoot = process.getuid?.() === 0;
const singles: Damage[] = COMPONENTS.flatMap((component) =>
  KINDS.filter((kind) => isRoot || kind !== 'wrong owner').map((kind) => ({ component, kind })),
);

/** Two damages of different components. */
function pair(number: number): [Damage, Damage] {
  const random = (salt: number, below: number) =>
    Number(Bun.hash(`${SEED} ${number} ${salt}`) % BigInt(below));
  const first = singles[random(0, singles.length)] ?? singles[0];
  // A plugin has no other source of truth than the snapshots.
  const isReachable = (component: Component) =>
    component !== first?.component &&
    !['plugin snapshots', 'snapshots plugin'].includes(`${first?.component} ${component}`);
  const others = singles.filter(({ component }) => isReachable(component));
  const second = others[random(1, others.length)];
  if (first === undefined || second === undefined) throw new Error('there are no damages');
  return [first, second];
}

const name = (damages: readonly Damage[]) =>
  damages.map(({ component, kind }) => `${component}: ${kind}`).join(' + ');
const seriousOf = (issues: readonly HealthIssue[]) => issues.filter(({ severity }) => severity === 'damage');

/**
 * What the person would do: where the updater refuses to work in files that belong to somebody else, or that others can write,
 * it prints what ends this. That is done, and the operation is tried again.
 */
async function asAdvised<Result>(operation: () => Promise<Result>): Promise<Result> {
  for (let tries = 0; ; tries++) {
    try {
      return await operation();
    } catch (error) {
      const advice = (error instanceof UpdaterError && error.advice) || '';
      const command = /`((?:sudo )?(?:chmod|chown|mv) [^`]+)`/.exec(advice)?.[1];
      const removesFolder = advice.includes('Then remove the folder');
      if ((command === undefined && !removesFolder) || tries === 4) throw error;
      if (command === undefined) fs.rmSync(here.workDir, { recursive: true });
      else expect(Bun.spawnSync(['sh', '-c', command.replace(/^sudo /, '')]).exitCode).toBe(0);
    }
  }
}

const verify = () => asAdvised(async () => here.health().verify({ full: true }));
const repair = (offline = false) => asAdvised(async () => here.health().repair({ offline }));

/** Of a file that runs, every byte counts; of one that a person writes, not every byte. */
function mustShow(component: Component, kind: Kind): boolean {
  if (kind === 'delete' || kind.startsWith('wrong')) return false;
  return ['executable', 'updater', 'evolution'].includes(component);
}

interface Row {
  component: Component;
  kind: Kind;
  result: 'healed' | 'harmless' | 'as before' | 'FAILED';
}

function printTable(title: string, rows: readonly Row[]): void {
  const marks = { healed: 'healed', harmless: '-', 'as before': 'as before', FAILED: 'FAILED' };
  const line = (cells: readonly string[]) => cells.map((cell) => cell.padEnd(14)).join('');
  const body = COMPONENTS.map((component) =>
    line([
      component,
      ...KINDS.map(
        (kind) =>
          marks[rows.find((row) => row.component === component && row.kind === kind)?.result ?? 'harmless'],
      ),
    ]),
  );
  console.log([title, line(['', ...KINDS]), ...body].join('\n'));
}

describe('with everything at hand', () => {
  test('each damage to each component', async () => {
    const rows: Row[] = [];
    const failed: string[] = [];
    for (const [number, damage] of singles.entries()) {
      here.reset();
      inflict(here, damage, SEED + number);
      const before = await verify();
      const result = await repair();
      const healthy = result.success && here.stage.version() === '1.1.0';
      rows.push({
        ...damage,
        result: !healthy ? 'FAILED' : seriousOf(before.issues).length > 0 ? 'healed' : 'harmless',
      });
      if (!healthy)
        failed.push(
          `${name([damage])} (seed ${SEED + number}): ${result.failed.map(({ error }) => error).join('; ')}`,
        );
    }
    printTable(`${rows.length} damages, DGMO_SEED=${SEED}`, rows);
    expect(failed).toEqual([]);
    // No damage to what an installation consists of goes unseen.
    const unseen = rows.filter(
      ({ component, kind, result }) => result === 'harmless' && mustShow(component, kind),
    );
    expect(unseen.map((row) => name([row]))).toEqual([]);
  });

  test(`${PAIRS} pairs of damages`, async () => {
    const failed: string[] = [];
    for (let number = 0; number < PAIRS; number++) {
      here.reset();
      const damages = pair(number);
      for (const damage of damages) inflict(here, damage, SEED + number);
      const result = await repair();
      if (!result.success || here.stage.version() !== '1.1.0')
        failed.push(`${name(damages)} (${number}): ${result.failed.map(({ error }) => error).join('; ')}`);
    }
    console.log(`${PAIRS - failed.length} of ${PAIRS} pairs healed`);
    expect(failed).toEqual([]);
  });
});

describe('with nothing at hand: no network, no cache, no snapshots, no older version', () => {
  test('nothing is worse than before, and what the user had is still there', async () => {
    const rows: Row[] = [];
    const worse: string[] = [];
    for (const [number, damage] of singles.entries()) {
      here.reset();
      const kept = fs.readdirSync(here.workDir).filter((file) => file.startsWith('kept-'));
      for (const file of kept) fs.rmSync(path.join(here.workDir, file));
      if (damage.component !== 'cache') fs.rmSync(path.join(here.home, 'cache'), { recursive: true });
      if (damage.component !== 'snapshots')
        fs.rmSync(path.join(here.home, '.snapshots'), { recursive: true });
      inflict(here, damage, SEED + number);
      const before = await verify();
      const had = here.contents();
      const result = await repair(true);
      const places = new Set(seriousOf(before.issues).map(({ type, where }) => `${type} ${where}`));
      const fresh = seriousOf(result.health.issues).filter(
        ({ type, where }) => !places.has(`${type} ${where}`),
      );
      const now = new Set(here.contents().values());
      const lost = [here.config, here.plugin, here.evolution, here.dgmo].filter((file) => {
        const content = had.get(file);
        return content !== undefined && !now.has(content);
      });
      // An executable may be replaced by the good one, and by nothing else.
      const isLost = lost.some((file) => file !== here.dgmo || here.stage.version() !== '1.1.0');
      rows.push({
        ...damage,
        result:
          fresh.length > 0 || isLost
            ? 'FAILED'
            : !result.success
              ? 'as before'
              : places.size > 0
                ? 'healed'
                : 'harmless',
      });
      if (fresh.length > 0 || isLost)
        worse.push(
          `${name([damage])} (seed ${SEED + number}): ${[...fresh.map(({ where, what }) => `${where}: ${what}`), ...lost].join('; ')}`,
        );
    }
    printTable(`${rows.length} damages, DGMO_SEED=${SEED}`, rows);
    expect(worse).toEqual([]);
  });
});
