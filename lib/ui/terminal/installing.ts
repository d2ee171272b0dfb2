/** What is told of an update that is installed: before it and at its end. */
import type { Applied, UpdateInfo } from '../../api/index.ts';
import { despiteText } from '../text/holds.ts';
import { bytesText, durationText } from '../text/sizes.ts';
import { downloadText } from '../text/update.ts';

/** What is about to be installed, for those who have agreed before they saw it. */
export function announcement(update: UpdateInfo): string {
  const { version, currentVersion, direction } = update;
  const what =
    direction === 'back'
      ? `Going back to ${version}`
      : version === currentVersion
        ? `Adding evolutions of ${version}`
        : `Installing ${version}`;
  const kind = update.isSecurity ? 'security' : update.type;
  const despite = update.despite === null ? '' : ` ${despiteText(update.despite, update.mandatory)}`;
  return `${what} (installed: ${currentVersion}): ${kind}, risk ${update.riskLevel}, ${downloadText(update)}.${despite}`;
}

/**
 * The end of an update, for those who want to know what it took and how to undo it.
 *
 * @param isRevoked whether the version before was revoked: a rollback refuses to go back to it
 */
export function receiptText(
  { from, to, before }: Applied,
  downloaded: number,
  milliseconds: number,
  isRevoked: boolean,
): string {
  const took = `${bytesText(downloaded)} downloaded, ${durationText(milliseconds)} in all.`;
  // Without its name a rollback would go to the version before, and not undo that evolutions were added.
  if (from.sha256 === to.sha256)
    return before === null
      ? took
      : `${took} \`dgmo-updater rollback ${before}\` goes back to ${from.version} as it was before.`;
  return isRevoked ? took : `${took} \`dgmo-updater rollback\` goes back to ${from.version}.`;
}
