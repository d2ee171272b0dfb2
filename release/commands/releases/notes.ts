/** `release notes`: what a person will see of a release. */
import { UsageError } from '../../../lib/errors.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { standardStreams } from '../../../lib/platform/standard-streams.ts';
import { notesText } from '../../../lib/ui/text/notes.ts';
import { passedNotesText } from '../../../lib/ui/text/passed-notes.ts';
import { kindOf } from '../../../lib/update/kind.ts';
import { MOST_NOTES, passedBy } from '../../../lib/update/passed-releases.ts';
import {
  type ChangeLog,
  compareVersions,
  type DGMOVersion,
  decodeManifest,
  isNewer,
  type ListedRelease,
  targetName,
} from '../../../lib/version/index.ts';
import { type Command, readArguments, required, wholeNumber } from '../../command.ts';
import { readInput } from '../../files.ts';
import { parseNotes, strangeTitle } from '../../manifest/notes.ts';
import { requireVersion } from '../../manifest/options.ts';
import { outputColumns, print, tell } from '../../platform/terminal.ts';
import { type Published, readPublished } from '../../repository/published.ts';
import { readChannels, readListed } from '../../repository/releases/channel.ts';
import { findRelease, noRelease } from '../../repository/releases/list-changes.ts';
import { downloadLines } from './notes-downloads.ts';
import { revocationLines } from './notes-revocations.ts';

const HELP = `Usage: release notes <version> --repo <dir> [--from <version>] [options]
       release notes <version> --notes <file.md> [options]

Shows the notes of a release as \`dgmo-updater update\` does in a terminal, rendered from Markdown, with what else a person is told
of it: what is downloaded, kind and risk, evolutions, and whether it was revoked. With --notes it shows a file before it is
published. What a list under "Added", "Fixed", ... gives as entries is told on standard error: they are what a program lists.

  --repo <dir>             the repository
  --from <version>         the version that the person has: with the notes of the releases in between, and what is downloaded from
                           there (default: what is downloaded without a patch)
  --notes <file.md>        instead of what is published
  --columns <n>            how wide (default: as the terminal, or 80)
  --markdown               as it was written
`;

export const notes: Command = {
  name: 'notes',
  summary: 'show what a person will see of a release',
  help: HELP,
  async run(args) {
    const { values, operands } = readArguments(args, ['version'], {
      repo: { type: 'string' },
      notes: { type: 'string' },
      from: { type: 'string' },
      columns: { type: 'string' },
      markdown: { type: 'boolean', default: false },
    });
    const [version = ''] = operands;
    requireVersion('<version>', version);
    if (values.from !== undefined) {
      requireVersion('--from', values.from);
      if (values.notes !== undefined || values.markdown)
        throw new UsageError('--from goes with --repo, and neither with --notes nor with --markdown');
      if (!isNewer(version, values.from))
        throw new UsageError(`--from: wanted a version before ${version}, found ${values.from}`);
    }
    const columns = wholeNumber('--columns', values.columns, outputColumns() ?? 80, [20, 1000]);
    const published =
      values.notes === undefined ? readPublished(nativeHost(), required('--repo', values.repo)) : null;
    const manifest = published === null ? null : publishedManifest(published, version);
    const changes = manifest?.updates.changes ?? parseNotes(readText(values.notes ?? ''), values.notes);
    const revoked = published === null ? [] : revocationLines(published, version);
    if (values.markdown) {
      print(changes.notes);
      for (const line of revoked) tell(`${version}: ${line.trim()}\n`);
      return;
    }
    const unicode = outputColumns() !== undefined && standardStreams.unicode;
    const style = { columns, colors: false, unicode };
    const passed =
      values.from === undefined || published === null
        ? []
        : passedReleases(published, { from: values.from, to: version });
    const changelogs = passed.map(({ release, changelog }) => ({ ...release, changelog }));
    const several = passedNotesText({ version, changelog: changes, passed: changelogs }, style, {
      whole: true,
    });
    const text = passed.length === 0 ? notesText(changes.notes, style) : several.notes;
    print(
      [
        `${version}${manifest === null ? '' : aboutLine(manifest, passed)}`,
        ...revoked,
        ...(published === null ? [] : downloadLines(published, version, values.from ?? null)),
        ...(text === '' ? ['', '  (no notes)'] : ['', text]),
        ...(several.rest === null ? [] : ['', several.rest]),
        ...(manifest?.evolutions ?? []).map(
          ({ id, description, autoApply, riskLevel }) =>
            `\n  evolution ${id}: ${description} (${riskLevel === undefined ? '' : `risk ${riskLevel}, `}${autoApply ? 'installed by itself' : 'if the person asks'})`,
        ),
        '',
      ].join('\n'),
    );
    const strange = strangeTitle(changes.notes, version);
    if (strange !== null) tell(`${strange}\n`);
    for (const { kind, text: line } of changes.entries) tell(`${kind}: ${line}\n`);
  },
};

function readText(file: string): string {
  return new TextDecoder().decode(readInput(file));
}

/** UsageError if no channel lists the version. */
function publishedManifest(published: Published, version: string): DGMOVersion {
  const manifests = readChannels(published)
    .flatMap((channel) => findRelease(channel, version) ?? [])
    .map(({ manifest }) => decodeManifest(readListed(published, manifest)))
    // A target that was added later has a manifest that names the earlier ones as well.
    .sort((a, b) => b.binaries.length - a.binaries.length);
  const [whole] = manifests;
  if (whole !== undefined) return whole;
  throw noRelease(published.layout.folder, version, 'any channel');
}

/** Those that an update passes over, on whatever channel, newest first. */
function passedReleases(
  published: Published,
  step: { from: string; to: string },
): { release: ListedRelease; changelog: ChangeLog | null }[] {
  const found = readChannels(published).flatMap(({ releases }) => passedBy(releases, step));
  const byVersion = new Map(found.map((release) => [release.version, release]));
  return [...byVersion.values()]
    .sort((a, b) => compareVersions(b.version, a.version))
    .map((release, index) => ({
      release,
      changelog:
        index < MOST_NOTES ? decodeManifest(readListed(published, release.manifest)).updates.changes : null,
    }));
}

function aboutLine(
  { updates, releaseDate, binaries, rollback }: DGMOVersion,
  passed: readonly { release: ListedRelease }[],
): string {
  const { type, isSecurity, riskLevel } = kindOf(
    updates,
    passed.map(({ release }) => release),
  );

  return [
    ` of ${new Date(releaseDate).toISOString().slice(0, 10)}`,
    `${isSecurity ? 'security' : type}, risk ${riskLevel}`,
    rollback.supported ? 'can be rolled back' : 'no way back',
    `for ${binaries.map(targetName).join(', ')}`,
  ].join('; ');
}
