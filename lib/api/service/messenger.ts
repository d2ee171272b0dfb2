/**
 * How the background service tells the user something: a desktop notification now, and a notice at the next start of DGMO. Each
 * thing is told once. That it can't be told stops nothing.
 */
import { UpdaterError } from '../../errors.ts';
import type { Session } from '../../install/index.ts';
import type { Desktop } from '../../platform/desktop/desktop.ts';
import type { ServiceEvent } from '../../service/events.ts';
import { type Notice, noticesFile, noticeText, notificationText, withNotice } from '../../service/notice.ts';
import type { Journal } from './journal.ts';

export class Messenger {
  readonly #session: Session;
  readonly #home: string;
  readonly #desktop: Desktop;
  readonly #journal: Journal;
  readonly #emit: (event: ServiceEvent) => void;

  constructor(
    session: Session,
    home: string,
    around: { desktop: Desktop; journal: Journal; emit(event: ServiceEvent): void },
  ) {
    this.#session = session;
    this.#home = home;
    this.#desktop = around.desktop;
    this.#journal = around.journal;
    this.#emit = around.emit;
  }

  /** @param key what makes it the same thing, if it is not the version */
  async tell(notice: Omit<Notice, 'at'>, key = notice.version): Promise<void> {
    if (!(await this.#journal.tellOnce(`${notice.kind} ${key}`.slice(0, 200)))) return;
    const { host, app } = this.#session;
    const text = noticeText({ ...notice, at: 0 }, app);
    this.#emit({ event: 'notice', kind: notice.kind, version: notice.version, text });
    try {
      await noticesFile.change(host, this.#home, ({ notices }) => ({
        schema: 1,
        notices: withNotice(notices, { ...notice, at: host.clock.now() }),
      }));
    } catch (error) {
      // The notification remains.
      if (!(error instanceof UpdaterError)) throw error;
    }
    await this.#desktop.notify(app, notificationText(text));
  }
}
