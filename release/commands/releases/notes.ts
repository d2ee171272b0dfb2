/** `release notes`: what a person will see of a release. */
import { UsageError } from '../../../lib/errors.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { standardStreams } from '../../../lib/platform/standard-streams.ts';
import { notesText } from '../../../lib/ui/text/notes.ts';
import { passedNotesText } from '../../../lib/ui/text/passed-notes.ts';
import { MOST_NOTES, type PassedRelease, passedBy } from '../../../lib/update/passed-releases.ts';
import {
  compareVersions,
  type DGMOVersion,
  decodeManifest,
  isNewer,
  targetName,
} from '../../../lib/version/index.ts';
import { type Command, readArguments, required, wholeNumber } from '../../command.ts';
import { readInput } from '../../files.ts';
import { parseNotes, strangeTitle } from '../../manifest/notes.ts';
import { requireVersion } from '../../manifest/options.ts';
import { outputColumns, print, tell } from '../../platform/terminal.ts';
import { bytes } from '../../progress.ts';
import { readPublished } from '../../repository/published.ts';
import { readChannels, readListed } from '../../repository/releases/channel.ts';
import { findRelease, noRelease } from '../../repository/releases/list-changes.ts';

const HELP = `Usage: release notes <version> --repo <dir> [--from <version>] [options]
       release notes <version> --notes <file.md> [options]

Shows the notes of a release as \`dgmo-updater update\` does in a terminal, rendered from Markdown, with what else a person is told
of it. With --notes it shows a file before it is published. What a list under "Added", "Fixed", ... gives as entries is told on
standard error: they are what a program lists.

  --repo <dir>             the repository
  --from <version>         the version that the person has: with the notes of the releases in between, as an update shows them
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
    const manifest =
      values.notes === undefined ? publishedManifest(required('--repo', values.repo), version) : null;
    const changes = manifest?.updates.changes ?? parseNotes(readText(values.notes ?? ''), values.notes);
    if (values.markdown) {
      print(changes.notes);
      return;
    }
    const unicode = outputColumns() !== undefined && standardStreams.unicode;
    const style = { columns, colors: false, unicode };
    const passed =
      values.from === undefined
        ? []
        : passedReleases(required('--repo', values.repo), { from: values.from, to: version });
    const several = passedNotesText({ version, changelog: changes, passed }, style, { whole: true });
    const text = passed.length === 0 ? notesText(changes.notes, style) : several.notes;
    print(
      [
        `${version}${manifest === null ? '' : aboutLine(manifest)}`,
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
function publishedManifest(repo: string, version: string): DGMOVersion {
  const published = readPublished(nativeHost(), repo);
  const manifests = readChannels(published)
    .flatMap((channel) => findRelease(channel, version) ?? [])
    .map(({ manifest }) => decodeManifest(readListed(published, manifest)))
    // A target that was added later has a manifest that names the earlier ones as well.
    .sort((a, b) => b.binaries.length - a.binaries.length);
  const [whole] = manifests;
  if (whole !== undefined) return whole;
  throw noRelease(repo, version, 'any channel');
}

/** Those that an update passes over, on whatever channel, newest first. */
function passedReleases(repo: string, step: { from: string; to: string }): PassedRelease[] {
  const published = readPublished(nativeHost(), repo);
  const found = readChannels(published).flatMap(({ releases }) => passedBy(releases, step));
  const byVersion = new Map(found.map((release) => [release.version, release]));
  return [...byVersion.values()]
    .sort((a, b) => compareVersions(b.version, a.version))
    .map((release, index) => ({
      version: release.version,
      releaseDate: release.releaseDate,
      changelog:
        index < MOST_NOTES ? decodeManifest(readListed(published, release.manifest)).updates.changes : null,
    }));
}

function aboutLine({ updates, releaseDate, binaries, rollback }: DGMOVersion): string {
  return [
    ` of ${new Date(releaseDate).toISOString().slice(0, 10)}`,
    `${updates.type}, risk ${updates.riskLevel}`,
    `about ${bytes(updates.size)} to download`,
    rollback.supported ? 'can be rolled back' : 'no way back',
    `for ${binaries.map(targetName).join(', ')}`,
  ].join('; ');
}
