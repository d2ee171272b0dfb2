/** `snapshots list | create | show | verify | prune | compact | pin | unpin | remove`. */
import {
  COMPONENTS,
  type Component,
  type Host,
  type Snapshot,
  type SnapshotCheck,
  SnapshotManager,
  type StoredSnapshot,
} from '../api/index.ts';
import { type LocalOffset, localTime } from '../api/words.ts';
import { DamagedError, UsageError } from '../errors.ts';
import { requireConsent } from './consent.ts';
import { type CommandContext, isGiven, optionOf } from './context.ts';
import { parseVerb } from './parsing/verbs.ts';
import { capitalized, fieldsText, linesText, oneLine } from './text/lines.ts';
import { ageText, bytesText, countText, durationText, snapshotName, snapshotTime } from './text/sizes.ts';
import { table } from './text/table.ts';

export async function runSnapshots(context: CommandContext): Promise<void> {
  const { verb, words } = parseVerb('snapshots', context.line.operands, 'list');
  const [name] = words;
  const manager = new SnapshotManager({ ...context.install, onEvent: context.report.event });
  switch (verb) {
    case 'list':
      return list(context, manager);
    case 'create':
      return create(context, manager);
    case 'show':
      return show(context, manager, name ?? '');
    case 'verify':
      return verify(context, manager, name);
    case 'prune':
      return prune(context, manager);
    case 'compact':
      return compact(context, manager);
    case 'remove':
      return remove(context, manager, name ?? '');
    case 'pin':
    case 'unpin':
      return pin(context, manager, name ?? '', verb === 'pin');
  }
}

async function list({ report, host }: CommandContext, manager: SnapshotManager): Promise<void> {
  const listed = await manager.listSnapshots();
  const text =
    listed.length === 0
      ? 'There are no snapshots yet: every update takes one, and so does `dgmo-updater snapshots create`.'
      : table(
          ['ID', 'TAKEN', 'VERSION', 'OWN', 'REASON'],
          listed.map((entry) => rowOf(entry, host.localOffset)),
        );
  report.result('snapshots', text, { snapshots: listed.map(dataOf) });
}

function rowOf({ id, pinned, found, usage, isOwn }: StoredSnapshot, localOffset: LocalOffset): string[] {
  const taken = snapshotTime(id, localOffset);
  if (found instanceof Error)
    return [id, taken, '', '', "can't be read: `dgmo-updater snapshots verify` shows why"];
  const notes = [
    pinned ? 'pinned' : '',
    isOwn ? '' : 'of another installation',
    usage === null ? 'DAMAGED' : '',
  ].filter(Boolean);
  const reason = notes.length === 0 ? found.reason : `${found.reason} (${notes.join(', ')})`;
  return [id, taken, found.version, bytesText(usage?.own ?? 0), reason];
}

function dataOf({ id, pinned, found, usage, isOwn }: StoredSnapshot): Record<string, unknown> {
  if (found instanceof Error) return { id, pinned, damaged: found.message };
  const { version, timestamp, reason, kind, metadata, warnings } = found;
  return {
    ...{ id, pinned, version, timestamp, reason, kind },
    size: metadata.size,
    own: usage?.own ?? null,
    shared: usage?.shared ?? null,
    thisInstallation: isOwn,
    warnings: warnings.length,
  };
}

async function create({ line, report, host }: CommandContext, manager: SnapshotManager): Promise<void> {
  const begun = host.clock.monotonic();
  const reason = optionOf(line, 'reason')?.trim() || 'Taken by hand';
  report.begin({ label: 'Taking a snapshot', finished: 'Took a snapshot', bytes: true });
  const { id, version, metadata, warnings } = await manager.createSnapshot(reason, {
    pin: isGiven(line, 'pin'),
  });
  for (const warning of warnings) report.text(oneLine(warning));
  const milliseconds = Math.round(host.clock.monotonic() - begun);
  report.result(
    'snapshots',
    `${id}: ${bytesText(metadata.size)} of ${version}, in ${durationText(milliseconds)}.`,
    {
      ...{ id, size: metadata.size, milliseconds, warnings },
    },
  );
}

async function show({ report, host }: CommandContext, manager: SnapshotManager, name: string): Promise<void> {
  const { found, pinned, usage } = await manager.getSnapshot(name);
  if (found instanceof Error) throw found;
  const { own = 0, shared = 0 } = usage ?? {};
  const { metadata } = found;
  const rows: [string, string][] = [
    ['Snapshot', `${found.id}${pinned ? ' (pinned)' : ''}`],
    ['Taken', `${localTime(found.timestamp, host.localOffset)} (${found.reason})`],
    ['Version', `${found.app} ${found.version}, ${metadata.platform}-${metadata.arch}`],
    [
      'Size',
      `${bytesText(metadata.size)}; in the store ${bytesText(own)} for this one only, ${bytesText(shared)} shared`,
    ],
    ...COMPONENTS.map((component): [string, string] => [
      capitalized(component),
      describeComponent(found, component),
    ]),
    ['Checksum', metadata.checksum],
    ...found.warnings.map((warning, index): [string, string] => [index === 0 ? 'Left out' : '', warning]),
  ];
  report.result('snapshots', fieldsText(rows), { snapshot: found, pinned, own, shared });
}

function describeComponent({ components, kind }: Snapshot, component: Component): string {
  if (component === 'binary') {
    const { binary } = components;
    if (binary === null) return kind === 'repair' ? 'was missing or damaged, and is not kept' : 'was missing';
    return `${binary.path}, ${bytesText(binary.size)}${binary.sound ? '' : ', changed or damaged when it was taken'}`;
  }
  return components[component].roots
    .map(({ path, tree, files, size }) =>
      tree === null ? `${path}: does not exist` : `${path}: ${countText(files, 'file')}, ${bytesText(size)}`,
    )
    .join('; ');
}

async function verify(
  { report, line, host }: CommandContext,
  manager: SnapshotManager,
  name: string | undefined,
): Promise<void> {
  const begun = host.clock.monotonic();
  report.begin({ label: 'Reading the snapshots', finished: 'Read the snapshots', bytes: true });
  const results = await manager.verifySnapshots(name);
  const milliseconds = Math.round(host.clock.monotonic() - begun);
  const damaged = results.filter(({ problems }) => problems.length > 0);
  const nameOf = (id: string) => snapshotName(id, host.localOffset);
  if (damaged.length > 0) {
    for (const { id, problems } of damaged)
      for (const problem of problems.slice(0, 20)) report.text(oneLine(`${nameOf(id)}: ${problem}`));
    throw damageFound(results, damaged, { nameOf, withProblem: isGiven(line, 'json') });
  }
  const verified = results.map(({ id }) => id);
  report.result('snapshots', soundText(verified.map(nameOf)), { verified, milliseconds });
}

/** @param how.withProblem for a script, which does not see the text that was printed before */
function damageFound(
  results: readonly SnapshotCheck[],
  damaged: readonly SnapshotCheck[],
  { nameOf, withProblem }: { nameOf(id: string): string; withProblem: boolean },
): DamagedError {
  const [first] = withProblem ? damaged : [];
  const good = results.findLast(({ problems }) => problems.length === 0);
  const ids = damaged.map(({ id }) => nameOf(id)).join(', ');
  const problem = first === undefined ? '' : ` (${first.problems[0]})`;
  return new DamagedError(
    `${damaged.length} of ${countText(results.length, 'snapshot')} can't be restored in full: ${ids}${problem}`,
    {
      advice:
        good === undefined ? 'None is sound: take a new one.' : `The newest sound one is ${nameOf(good.id)}.`,
    },
  );
}

function soundText(names: string[]): string {
  const [only] = names;
  if (only === undefined) return 'There are no snapshots.';
  return names.length === 1 ? `${only} is sound.` : `${names.length} snapshots are sound.`;
}

async function prune(context: CommandContext, manager: SnapshotManager): Promise<void> {
  const { line, report } = context;
  const keep = optionOf(line, 'keep');
  if (keep !== undefined && !/^\d{1,6}$/.test(keep))
    throw new UsageError(`--keep: wanted a number, found ${JSON.stringify(keep)}`);
  const kept = keep === undefined ? undefined : Number(keep);
  const outdated = await manager.planCleanup(kept);
  if (outdated.length > 0)
    await requireConsent(context, () => ({
      tells: linesText(outdated.map((entry) => describeStored(entry, context.host))),
      question: `Remove ${outdated.length === 1 ? 'this snapshot' : `these ${outdated.length} snapshots`} permanently?`,
      otherwise: 'no snapshot was removed',
    }));
  const { removed, freed, unreadable } = await manager.cleanupOldSnapshots(kept);
  const unfreed =
    unreadable.length === 0
      ? ''
      : ` Data that is no longer needed is kept as long as ${unreadable.join(', ')} can't be read.`;
  report.result(
    'snapshots',
    removed.length > 0
      ? `Removed ${countText(removed.length, 'snapshot')} and freed ${bytesText(freed)}.${unfreed}`
      : freed > 0
        ? `Removed no snapshot, and freed ${bytesText(freed)} that none needs.${unfreed}`
        : `Nothing to remove.${unfreed}`,
    { removed, freed, unreadable },
  );
}

async function compact({ report }: CommandContext, manager: SnapshotManager): Promise<void> {
  report.begin({ label: 'Compacting the snapshots', finished: 'Compacted the snapshots' });
  const freed = await manager.compactSnapshots();
  report.result('snapshots', freed === 0 ? 'Nothing to compact.' : `Freed ${bytesText(freed)}.`, { freed });
}

async function remove(context: CommandContext, manager: SnapshotManager, name: string): Promise<void> {
  const { report, host } = context;
  const stored = await manager.getSnapshot(name);
  const { id, pinned } = stored;
  await requireConsent(context, () => ({
    tells: oneLine(describeStored(stored, host)),
    question: pinned ? `${id} is pinned. Remove it permanently?` : `Remove ${id} permanently?`,
    otherwise: `${id} was not removed`,
  }));
  const { freed } = await manager.removeSnapshot(id);
  report.result('snapshots', `Removed ${id} and freed ${bytesText(freed)}.`, { removed: [id], freed });
}

/** One line: which snapshot, and what removing it frees. */
function describeStored({ id, found, pinned, usage }: StoredSnapshot, { clock, localOffset }: Host): string {
  const which = `${snapshotName(id, localOffset)}${pinned ? ', pinned' : ''}`;
  if (found instanceof Error) return `${which}: it can't be read`;
  const own = usage === null ? 'damaged' : `${bytesText(usage.own)} of its own`;
  return `${which}: ${found.version}, ${ageText(clock.now() - found.timestamp)} old, ${own} (${found.reason})`;
}

async function pin(
  { report }: CommandContext,
  manager: SnapshotManager,
  name: string,
  pinned: boolean,
): Promise<void> {
  const id = await manager.pinSnapshot(name, pinned);
  report.result('snapshots', `${id} ${pinned ? 'is kept permanently' : 'is no longer kept permanently'}.`, {
    id,
    pinned,
  });
}
