/** What copying an SQLite database in use needs: a read transaction that keeps its file from changing. */
import type { Database } from 'bun:sqlite';

export interface Hold {
  release(): void;
}

export interface Databases {
  /**
   * Begins a read transaction on the database at `path`. Until `release`, no checkpoint changes pages that it needs, the
   * write-ahead log is not restarted, and in rollback-journal mode no process writes into the file. Null if that is not
   * possible: the file is not a database, or is encrypted, locked or not readable.
   */
  hold(path: string): Hold | null;
}

/** How long to wait for a writer, in milliseconds. */
const PATIENCE = 2000;
/** Milliseconds between two tries. SQLite's own pauses grow to 100, and miss the short breaks of a busy writer. */
const PAUSE = 0.5;

/** Loaded at the first use, since most commands don't need it. */
const sqlite = () => require('bun:sqlite') as typeof import('bun:sqlite');

export const nativeDatabases: Databases = {
  hold(path) {
    let database: Database | undefined;
    try {
      // Read-only: it neither checkpoints nor removes the log when it is closed.
      const { Database } = sqlite();
      database = new Database(path, { readonly: true });
      database.exec('PRAGMA busy_timeout = 0; PRAGMA mmap_size = 0');
      database.exec('BEGIN');
      readFirst(database);
    } catch {
      database?.close();
      return null;
    }
    const held = database;
    return {
      release() {
        held.close();
      },
    };
  },
};

/** The first read, with which the transaction really begins. */
function readFirst(database: Database): void {
  const begun = performance.now();
  for (;;) {
    try {
      database.query('SELECT count(*) FROM sqlite_schema').get();
      return;
    } catch (error) {
      const busy = error instanceof sqlite().SQLiteError && error.code?.startsWith('SQLITE_BUSY') === true;
      if (!busy || performance.now() - begun > PATIENCE) throw error;
      Bun.sleepSync(PAUSE);
    }
  }
}
