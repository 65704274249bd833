import { sql } from 'kysely';
import { newId } from '#libs/ids';
import {
  createMigratedDatabase,
  type MigratedDatabase,
  openDatabases,
  startReceiver,
  takeInspectionFaults,
} from '#libs/testing';
import { validEvent } from '../../../test/support/valid-events.js';
import { cloudEvent } from './cloud-event.js';
import type { NewEvent, SequencedEvent } from './event.js';
import { EventStore } from './event.store.js';

const AT = new Date('2026-01-01T00:00:00.000Z');

function testEvent(data: object = {}): NewEvent {
  const event = validEvent('webhook_endpoint.test', { tenantId: newId('ten'), accountId: newId('acc') }, newId('whe'));
  return { ...event, data: { ...event.data, ...data } };
}

/** What this proves of one file holds for all: jest calls the same set-up before each. */
describe('Every event that a test leaves behind', () => {
  async function databaseWith(...events: readonly NewEvent[]): Promise<MigratedDatabase> {
    const database = await createMigratedDatabase();
    for (const event of events) {
      await sql`
        insert into tenants (id, name, created_at, updated_at) values (${event.tenantId}, 'spec', ${AT}, ${AT})
      `.execute(database.postgres.db);
      await database.postgres.transaction((tx) => new EventStore().insert(tx, event, AT));
    }
    return database;
  }

  it('is held to its schema when the database is dropped, whether it has its place or not', async () => {
    const database = await databaseWith(testEvent(), testEvent());
    await sql`update events set sequence = 7 where position = 1`.execute(database.postgres.db);
    await database.drop();
    expect(takeInspectionFaults()).toEqual([]);
  });

  it.each([
    ['lacks a field', testEvent({ webhookEndpoint: { id: 'whe_1' } }), /\/data\/webhookEndpoint: must have required/],
    ['has a field that no schema names', testEvent({ extra: 1 }), /\/data: must NOT have additional properties.*extra/],
    ['is of no known type', { ...testEvent(), type: 'webhook_endpoint.made_up' as never }, /the type of no event/],
    ['is about another kind of object', { ...testEvent(), subject: newId('ireq') }, /\/subject: must match pattern/],
  ])('is found when it %s, and its database is gone all the same', async (_what, event, fault) => {
    const database = await databaseWith(testEvent(), event);
    const before = openDatabases();

    await database.drop();
    expect(takeInspectionFaults()).toMatchObject([{ message: expect.stringMatching(fault) as string }]);
    expect(openDatabases()).toBe(before - 1);
    await expect(sql`select 1`.execute(database.postgres.db)).rejects.toThrow();
  });

  it('is found when a receiver got it', async () => {
    const event: SequencedEvent = { ...testEvent(), id: newId('evt'), position: 1, createdAt: AT, sequence: 1 };
    const post = async (envelope: object, type = 'application/cloudevents+json') => {
      const receiver = await startReceiver();
      await fetch(receiver.url, { method: 'POST', headers: { 'content-type': type }, body: JSON.stringify(envelope) });
      await receiver.close();
      return takeInspectionFaults().map(({ message }) => message);
    };

    expect(await post(cloudEvent(event))).toEqual([]);
    expect(await post({ anything: 'else' }, 'application/json')).toEqual([]);
    expect(await post({ ...cloudEvent(event), sequence: 0 })).toEqual([
      expect.stringMatching(/\/sequence: must be >= 1/),
    ]);
  });
});
