/** SQLite, as far as a copy of a database in use needs it: a read transaction that keeps the file from changing. */
import { Database } from 'bun:sqlite';

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

export const nativeDatabases: Databases = {
  hold(path) {
    let database: Database | undefined;
    try {
      // Read-only: it neither checkpoints nor removes the log when it is closed.
      database = new Database(path, { readonly: true });
      database.exec(`PRAGMA busy_timeout = ${PATIENCE}; PRAGMA mmap_size = 0`);
      database.exec('BEGIN');
      database.query('SELECT count(*) FROM sqlite_schema').get();
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
