import { EVENT_TYPES, type EventType } from '#libs/events';
import { EVENT_EXAMPLES } from '../../apps/gateway/src/docs/event-examples.js';
import { EventContracts } from './event-contracts.js';

type Json = Record<string, unknown>;

/** The example of a type, as a copy that may be spoiled. */
function exampleOf(type: EventType): Json {
  return structuredClone(EVENT_EXAMPLES[type]) as unknown as Json;
}

/** Every object in a value, the value itself included. */
function objectsIn(value: unknown): readonly Json[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.values(value).flatMap(objectsIn);
  return Array.isArray(value) ? inside : [value as Json, ...inside];
}

describe.each(EVENT_TYPES)('The schema of %s', (type) => {
  let contracts: EventContracts;
  beforeAll(async () => {
    contracts = await EventContracts.load();
  });

  it('takes the documented example', () => {
    expect(contracts.faultsOf(exampleOf(type))).toEqual([]);
  });

  it('asks for every field at every depth but those of maps, and knows no other', () => {
    const taken: string[] = [];
    const count = objectsIn(exampleOf(type)).length;
    for (let index = 0; index < count; index += 1) {
      const names = Object.keys(objectsIn(exampleOf(type))[index] ?? {});
      for (const name of names) {
        const event = exampleOf(type);
        delete objectsIn(event)[index]?.[name];
        if (contracts.faultsOf(event).length === 0) taken.push(`without ${name}`);
      }
      const event = exampleOf(type);
      Object.assign(objectsIn(event)[index] ?? {}, { unheardOf: 'field' });
      if (contracts.faultsOf(event).length === 0) taken.push(`unheardOf beside ${names.join()}`);
    }
    // The caller's own metadata: whatever the caller likes.
    const free = type.startsWith('image_request.') ? ['without build', 'unheardOf beside build'] : [];
    expect(taken).toEqual(free);
  });

  it.each([
    { id: 'ireq_01kdyc9pn6f8d8tq7xj2v4m0sg' },
    { source: '/' },
    { subject: 'acct_1' },
    { type: 'image_request.unheard_of' },
    { sequence: 0 },
    { sequence: 1.5 },
    { sequence: '1' },
    { time: '2026-01-02T03:04:05Z' },
    { time: '2026-01-02T03:04:05.006+08:00' },
    { specversion: '1.1' },
    { datacontenttype: 'text/plain' },
    { data: null },
  ])('refuses %j', (change) => {
    expect(contracts.faultsOf({ ...exampleOf(type), ...change })).not.toEqual([]);
  });

  it('refuses the data of every other kind of event', () => {
    const others = EVENT_TYPES.filter((other) => other.split('.')[0] !== type.split('.')[0]);
    for (const other of others) {
      const { data } = EVENT_EXAMPLES[other];
      expect(contracts.faultsOf({ ...exampleOf(type), data })).not.toEqual([]);
    }
  });
});
