import { sql } from 'kysely';
import { cloudEvent, type SequencedEvent } from '#libs/events';
import type { SystemPostgres } from '#libs/postgres';
import { inspectAll, type ReceivedRequest } from '#libs/testing';
import type { EventContracts } from './event-contracts.js';

const PAGE = 1000;
const SHOWN_MAX = 5;

let loading: Promise<EventContracts> | undefined;

/** Only where there is an event to check: most files have none, and the classes take a while to load. */
async function contracts(): Promise<EventContracts> {
  loading ??= import('./event-contracts.js').then(({ EventContracts: loaded }) => loaded.load());
  return loading;
}

const INSPECTION = {
  database: async (postgres: SystemPostgres): Promise<void> => {
    const faults: string[] = [];
    for await (const event of eventsIn(postgres)) faults.push(...(await faultsOf(cloudEvent(event))));
    refuse(faults, 'in a database');
  },
  request: async ({ headers, body }: ReceivedRequest): Promise<void> => {
    if (headers['content-type'] !== 'application/cloudevents+json') return;
    refuse(await faultsOf(JSON.parse(body)), 'that a receiver got');
  },
};

/**
 * From here on, every event in a database that a test made, and every one that a receiver got, has to satisfy the schema
 * that is published for its type. Those that do not are faults of the inspection.
 */
export function checkEvents(): void {
  inspectAll(INSPECTION);
}

async function faultsOf(event: unknown): Promise<readonly string[]> {
  const faults = (await contracts()).faultsOf(event);
  return faults.length === 0 ? [] : [`${faults.join('\n  ')}\n  in ${JSON.stringify(event)}`];
}

function refuse(faults: readonly string[], where: string): void {
  if (faults.length === 0) return;
  const shown = faults.slice(0, SHOWN_MAX).join('\n');
  throw new Error(`events ${where} that break the published schema: ${faults.length}\n${shown}`);
}

/** In the order in which they were written. One that has no number yet is taken to be its tenant's first. */
async function* eventsIn(postgres: SystemPostgres): AsyncGenerator<SequencedEvent> {
  let after = 0;
  for (;;) {
    const { rows } = await sql<SequencedEvent>`
      select id, position, tenant_id as "tenantId", account_id as "accountId", type, subject, data,
        created_at as "createdAt", coalesce(sequence, 1) as sequence
      from events where position > ${after} order by position limit ${PAGE}
    `.execute(postgres.db);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = last.position;
  }
}
