/**
 * A program that works with a SQLite database as fast as it can: every transaction moves an amount between two tables, so
 * that their sum stays what it was, and counts. What is committed it tells in a file.
 */
import { Database } from 'bun:sqlite';
import fs from 'node:fs';

const [file = '', progress = '', journal = 'wal', rows = '50', limit = '0'] = process.argv.slice(2);
const database = new Database(file, { create: true });
database.exec(`PRAGMA busy_timeout = 10000; PRAGMA journal_mode = ${journal}; PRAGMA synchronous = NORMAL`);
if (journal === 'wal') database.exec('PRAGMA wal_autocheckpoint = 100');
database.exec(`CREATE TABLE left_side (id INTEGER PRIMARY KEY, amount INTEGER, filling TEXT);
  CREATE TABLE right_side (id INTEGER PRIMARY KEY, amount INTEGER, filling TEXT);
  CREATE TABLE counter (count INTEGER); INSERT INTO counter VALUES (0);`);
const count = Number(rows);
database.transaction(() => {
  for (const side of ['left_side', 'right_side']) {
    const insert = database.query(`INSERT INTO ${side} VALUES (?, 1000, ?)`);
    for (let id = 0; id < count; id++) insert.run(id, 'f'.repeat(1000));
  }
})();

const take = database.query('UPDATE left_side SET amount = amount - ?, filling = ? WHERE id = ?');
const give = database.query('UPDATE right_side SET amount = amount + ?, filling = ? WHERE id = ?');
const note = database.query('UPDATE counter SET count = ?');
const handle = fs.openSync(progress, 'w');
const tell = (done: number) => fs.writeSync(handle, String(done).padStart(12), 0);
const move = database.transaction((done: number) => {
  const filling = String(done % 10).repeat(900 + (done % 200));
  take.run(done % 7, filling, done % count);
  give.run(done % 7, filling, (done * 13) % count);
  note.run(done);
});
for (let done = 1; Number(limit) === 0 || done <= Number(limit); done++) {
  move.immediate(done);
  tell(done);
  if (done === 1) console.log('ready');
}
console.log('done');
// Killed here, it leaves its log behind.
await Bun.stdin.text();
