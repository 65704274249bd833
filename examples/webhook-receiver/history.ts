import type { DatabaseSync } from 'node:sqlite';
import type { ServiceEvent } from './verify.ts';

export function createHistory(database: DatabaseSync): void {
  database.exec(`
    create table if not exists history (
      entry    integer primary key autoincrement,
      event_id text    not null,
      sequence integer not null,
      subject  text    not null,
      type     text    not null
    )
  `);
}

/**
 * Put your own work in the place of this: it writes down what happened to each image request. It writes to the inbox's
 * database and so happens exactly once. Work elsewhere may be done twice, when the process dies right after it; use
 * `event.id` there to recognise what is done.
 */
export function keepHistory(database: DatabaseSync, event: ServiceEvent): void {
  database
    .prepare('insert into history (event_id, sequence, subject, type) values (?, ?, ?, ?)')
    .run(event.id, event.sequence, event.subject, event.type);
}
