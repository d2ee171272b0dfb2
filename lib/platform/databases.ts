/** SQLite, as far as a copy of a database in use needs it: a read transaction that keeps the file from changing. */
import type { Database } from 'bun:sqlite';

export interface Hold {
  release(): void;
}

export interface Databases {
  /**
   * Begins a read transaction on the database at `path` and keeps it open: until `release`, no checkpoint touches pages
   * that it needs, the write-ahead log is not begun anew under it, and in rollback-journal mode nobody writes into the
   * file. Null where that is not possible: it is no database, encrypted, locked, or may not be opened.
   */
  hold(path: string): Hold | null;
}

/** Milliseconds that a writer may be waited for. */
const PATIENCE = 2000;
/** Between two tries: SQLite's own wait grows to 100, and never meets the short rest of a writer that hardly rests. */
const PAUSE = 0.5;

/** Loaded at the first use: most commands have none for it. */
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

/** The transaction begins with it. */
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
