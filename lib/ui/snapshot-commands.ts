/** `snapshots list | create | show | verify | prune | pin | unpin | remove`. */
import { DamagedError, errorCode, InterruptedError, MachineError, UsageError } from '../errors.ts';
import {
  findSnapshot,
  pruneSnapshots,
  requireReceipt,
  type SnapshotSetup,
  takeSnapshotHere,
  withLock,
} from '../install/index.ts';
import { removeIfThere, replaceDurably } from '../platform/files.ts';
import {
  COMPONENTS,
  type Component,
  type Listed,
  listSnapshots,
  pinPath,
  removeSnapshot,
  type Snapshot,
  type Usage,
  usageOf,
  Verifier,
  withStore,
} from '../snapshot/index.ts';
import type { CommandContext } from './commands.ts';
import { ageText, bytesText, countText } from './sizes.ts';
import { table } from './table.ts';

const VERBS = ['list', 'create', 'show', 'verify', 'prune', 'pin', 'unpin', 'remove'] as const;

export async function runSnapshots(context: CommandContext): Promise<void> {
  const [verb = 'list', name, ...more] = context.line.operands;
  const setup = setupOf(context);
  const wanted = verb === 'show' || verb === 'pin' || verb === 'unpin' || verb === 'remove';
  if (
    more.length > 0 ||
    (wanted && name === undefined) ||
    (name !== undefined && !wanted && verb !== 'verify')
  ) {
    throw new UsageError(
      `snapshots: wanted ${VERBS.join(', ')}${wanted ? ` and an id after ${verb}` : ''}, found ${JSON.stringify(context.line.operands.join(' '))}`,
    );
  }
  switch (verb) {
    case 'list':
      return list(context, setup);
    case 'create':
      return create(context, setup);
    case 'show':
      return show(context, setup, name ?? '');
    case 'verify':
      return verify(context, setup, name);
    case 'prune':
      return pruneThem(context, setup);
    case 'remove':
      return removeOne(context, setup, name ?? '');
    case 'pin':
    case 'unpin':
      return pin(context, setup, name ?? '', verb === 'pin');
    default:
      throw new UsageError(`snapshots: wanted one of ${VERBS.join(', ')}, found ${JSON.stringify(verb)}`);
  }
}

function setupOf({ session, home }: CommandContext): SnapshotSetup {
  if (session.snapshots !== null) return session.snapshots;
  // Says what is wrong with it.
  throw new MachineError(`there is no home to keep snapshots in: ${home()}`);
}

function all({ session }: CommandContext, { layout }: SnapshotSetup): Listed[] {
  return listSnapshots(session.host.disk, layout);
}

function isSound(entry: Listed): entry is Listed & { found: Snapshot } {
  return !(entry.found instanceof Error);
}

function list(context: CommandContext, setup: SnapshotSetup): void {
  const { session, report } = context;
  const { host, layout } = session;
  const { installId } = requireReceipt(host.disk, layout);
  const listed = all(context, setup);
  const usage = usageOf(
    host,
    setup.layout,
    listed.filter(isSound).map(({ found }) => found),
  );
  const now = host.clock.now();
  const rows = listed.map((entry) => {
    if (entry.found instanceof Error)
      return [entry.id, '', '', '', '', "can't be read: `dgmo-updater snapshots verify` tells why"];
    const { found, pinned } = entry;
    const { own = 0, shared = 0 } = usage.get(entry.id) ?? {};
    const notes = [
      pinned ? 'pinned' : '',
      found.installId === installId ? '' : 'of another installation',
      usage.has(entry.id) ? '' : 'DAMAGED',
    ].filter(Boolean);
    const reason = notes.length === 0 ? found.reason : `${found.reason} (${notes.join(', ')})`;
    return [
      entry.id,
      found.version,
      ageText(now - found.timestamp),
      bytesText(own),
      bytesText(shared),
      reason,
    ];
  });
  const text =
    rows.length === 0
      ? 'There are no snapshots yet: every update takes one, and so does `dgmo-updater snapshots create`.'
      : table(['ID', 'VERSION', 'AGE', 'OWN', 'SHARED', 'REASON'], rows);
  report.result('snapshots', text, {
    snapshots: listed.map((entry) => summary(entry, usage.get(entry.id) ?? null, installId)),
  });
}

function summary(entry: Listed, usage: Usage | null, installId: string): Record<string, unknown> {
  const { id, pinned, found } = entry;
  if (found instanceof Error) return { id, pinned, damaged: found.message };
  return {
    id,
    pinned,
    version: found.version,
    timestamp: found.timestamp,
    reason: found.reason,
    kind: found.kind,
    size: found.metadata.size,
    own: usage?.own ?? null,
    shared: usage?.shared ?? null,
    thisInstallation: found.installId === installId,
    warnings: found.warnings.length,
  };
}

async function create(context: CommandContext, setup: SnapshotSetup): Promise<void> {
  const { session, line, report } = context;
  const { host, layout } = session;
  const receipt = requireReceipt(host.disk, layout);
  const { reason } = line.values;
  const begun = host.clock.monotonic();
  const snapshot = await withLock(host, layout, async () => {
    const taken = await takeSnapshotHere(session, setup, receipt, {
      kind: 'manual',
      reason: typeof reason === 'string' && reason.trim() !== '' ? reason : 'Taken by hand',
      replaced: false,
    });
    if (line.values.pin === true) setPin(context, setup, taken.id, true);
    await pruneSnapshots(session, setup, receipt, { lazy: true });
    return taken;
  });
  for (const warning of snapshot.warnings) report.text(warning);
  const milliseconds = Math.round(host.clock.monotonic() - begun);
  report.result(
    'snapshots',
    `${snapshot.id}: ${bytesText(snapshot.metadata.size)} of ${snapshot.version}, in ${milliseconds} ms.`,
    { id: snapshot.id, size: snapshot.metadata.size, milliseconds, warnings: snapshot.warnings },
  );
}

function soundOne(context: CommandContext, setup: SnapshotSetup, name: string): Listed & { found: Snapshot } {
  const entry = findSnapshot(all(context, setup), name);
  if (isSound(entry)) return entry;
  throw entry.found;
}

function show(context: CommandContext, setup: SnapshotSetup, name: string): void {
  const { session, report } = context;
  const { found, pinned } = soundOne(context, setup, name);
  const usage = usageOf(
    session.host,
    setup.layout,
    all(context, setup)
      .filter(isSound)
      .map((one) => one.found),
  );
  const { own = 0, shared = 0 } = usage.get(found.id) ?? {};
  const { metadata, components } = found;
  const rows = [
    ['Snapshot', `${found.id}${pinned ? ' (pinned)' : ''}`],
    ['Taken', `${new Date(found.timestamp).toISOString()} (${found.reason})`],
    ['Version', `${found.app} ${found.version}, ${metadata.platform}-${metadata.arch}`],
    [
      'Size',
      `${bytesText(metadata.size)}; in the store ${bytesText(own)} of its own, ${bytesText(shared)} shared`,
    ],
    ...COMPONENTS.map((component) => [capital(component), describeComponent(found, component)]),
    ['Checksum', metadata.checksum],
    ...found.warnings.map((warning, index) => [index === 0 ? 'Left out' : '', warning]),
  ];
  const text = rows.map(([label, value]) => `${(label ? `${label}:` : '').padEnd(13)}${value}`).join('\n');
  report.result('snapshots', text, { snapshot: { ...found, components }, pinned, own, shared });
}

function describeComponent({ components }: Snapshot, component: Component): string {
  if (component === 'binary') {
    const { binary } = components;
    if (binary === null) return 'none stood';
    return `${binary.path}, ${bytesText(binary.size)}${binary.sound ? '' : ', changed or damaged when it was taken'}`;
  }
  return components[component].roots
    .map(({ path, tree, files, size }) =>
      tree === null ? `${path}: not there` : `${path}: ${countText(files, 'file')}, ${bytesText(size)}`,
    )
    .join('; ');
}

function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}

async function verify(
  context: CommandContext,
  setup: SnapshotSetup,
  name: string | undefined,
): Promise<void> {
  const { session, report } = context;
  const { host } = session;
  const entries = name === undefined ? all(context, setup) : [findSnapshot(all(context, setup), name)];
  const begun = host.clock.monotonic();
  const results = await withStore(host, setup.layout, async () => {
    const verifier = new Verifier(host, setup.layout, () => host.clock.sleep(0));
    try {
      const found: { id: string; problems: string[] }[] = [];
      for (const entry of entries)
        found.push(
          entry.found instanceof Error
            ? { id: entry.id, problems: [entry.found.message] }
            : await verifier.verify(entry.found),
        );
      return found;
    } finally {
      verifier.close();
    }
  });
  const damaged = results.filter(({ problems }) => problems.length > 0);
  const milliseconds = Math.round(host.clock.monotonic() - begun);
  if (damaged.length > 0) {
    const [first] = context.line.values.json === true ? damaged : [];
    const good = results.findLast(({ problems }) => problems.length === 0);
    for (const { id, problems } of damaged)
      for (const problem of problems.slice(0, 20)) report.text(`${id}: ${problem}`);
    throw new DamagedError(
      `${damaged.length} of ${countText(results.length, 'snapshot')} can't be brought back in full: ${damaged.map(({ id }) => id).join(', ')}${first === undefined ? '' : ` (${first.problems[0]})`}`,
      {
        advice: good === undefined ? 'None is sound: take a new one.' : `The newest sound one is ${good.id}.`,
      },
    );
  }
  report.result('snapshots', soundText(results.map(({ id }) => id)), {
    verified: results.map(({ id }) => id),
    milliseconds,
  });
}

function soundText(ids: string[]): string {
  const [only] = ids;
  if (only === undefined) return 'There are no snapshots.';
  return ids.length === 1 ? `${only} is sound.` : `${ids.length} snapshots are sound.`;
}

async function pruneThem(context: CommandContext, setup: SnapshotSetup): Promise<void> {
  const { session, line, report } = context;
  const { host, layout } = session;
  const receipt = requireReceipt(host.disk, layout);
  const { keep } = line.values;
  if (typeof keep === 'string' && !/^\d{1,6}$/.test(keep))
    throw new UsageError(`--keep: wanted a number, found ${JSON.stringify(keep)}`);
  const { removed, freed, unreadable } = await withLock(host, layout, () =>
    pruneSnapshots(session, setup, receipt, typeof keep === 'string' ? { keep: Number(keep) } : {}),
  );
  const kept =
    unreadable.length === 0
      ? ''
      : ` What is no longer needed stays as long as ${unreadable.join(', ')} can't be read.`;
  report.result(
    'snapshots',
    removed.length === 0 && freed === 0
      ? `Nothing to remove.${kept}`
      : `Removed ${countText(removed.length, 'snapshot')}, ${bytesText(freed)}.${kept}`,
    { removed, freed, unreadable },
  );
}

/** Also one that can't be read: as long as it is there, pruning does not know what is still needed. */
async function removeOne(context: CommandContext, setup: SnapshotSetup, name: string): Promise<void> {
  const { session, report, confirm, line } = context;
  const { host, layout } = session;
  const receipt = requireReceipt(host.disk, layout);
  const { id } = findSnapshot(all(context, setup), name);
  if (line.values.yes !== true && confirm !== null && !(await confirm(`Remove ${id} for good?`)))
    throw new InterruptedError(`${id} stays`);
  const freed = await withLock(host, layout, async () => {
    await withStore(host, setup.layout, async () => removeSnapshot(host.disk, setup.layout, id));
    return (await pruneSnapshots(session, setup, receipt)).freed;
  });
  report.result('snapshots', `${id} is gone, ${bytesText(freed)} with it.`, { removed: [id], freed });
}

async function pin(
  context: CommandContext,
  setup: SnapshotSetup,
  name: string,
  pinned: boolean,
): Promise<void> {
  const { session, report } = context;
  const { found } = soundOne(context, setup, name);
  await withStore(session.host, setup.layout, async () => setPin(context, setup, found.id, pinned));
  report.result('snapshots', `${found.id} ${pinned ? 'is kept for good' : 'is kept like the others'}.`, {
    id: found.id,
    pinned,
  });
}

function setPin({ session }: CommandContext, { layout }: SnapshotSetup, id: string, pinned: boolean): void {
  const { disk } = session.host;
  try {
    if (pinned) replaceDurably(disk, pinPath(layout, id), layout.documents, new Uint8Array(0));
    else removeIfThere(disk, pinPath(layout, id));
  } catch (error) {
    throw new MachineError(`the pin of ${id} could not be written: ${errorCode(error)}`, { cause: error });
  }
}
