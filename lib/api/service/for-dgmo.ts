/** What DGMO and the background service have to say to each other. */
import { requireHome } from '../../home/folder.ts';
import { receiptUnlessDamaged, type Session } from '../../install/index.ts';
import { currentNotices, type Notice, noticesFile, noticeText } from '../../service/notice.ts';
import { idleFile, withWord } from '../../service/sessions.ts';

/** Returns the notices that are still true, and removes all. Costs one look at the disk if there are none. */
export async function takeNotices({
  host,
  home,
  app,
  layout,
}: Session): Promise<(Notice & { text: string })[]> {
  if ('missing' in home || host.disk.status(noticesFile.path(host, home.folder)) === null) return [];
  let taken: readonly Notice[] = [];
  await noticesFile.change(host, home.folder, ({ notices }) => {
    taken = notices;
    return { schema: 1, notices: [] };
  });
  const installed = receiptUnlessDamaged(host.disk, layout)?.binary.version;
  const current = installed === undefined ? taken : currentNotices(taken, installed);
  return current.map((notice) => ({ ...notice, text: noticeText(notice, app) }));
}

export async function allowUpdate({ host, home }: Session, allowed: boolean): Promise<void> {
  const folder = requireHome(home);
  // Nothing was allowed yet.
  if (!allowed && host.disk.status(idleFile.path(host, folder)) === null) return;
  await idleFile.change(host, folder, (words) =>
    withWord(words, host.processes.pid, allowed, host.clock.now()),
  );
}
