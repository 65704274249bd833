import { sql } from 'kysely';
import { newId } from '#libs/ids';
import { waitFor } from '#libs/testing';
import type { TestAccount } from '../../support/whole-service.js';
import { postOne } from './backlog.js';
import type { Product } from './product.js';

/** Long enough ago for the service's own sweep to take a request for forgotten and to bring it into its lane. */
const ACCEPTED_AGO_MS = 11_000;
const ROWS_AT_ONCE = 5000;

/**
 * As many requests as wanted, spread over the accounts, as if Redis had been away while they were accepted: for each the
 * row, the event and the audit entry of a request that was really accepted, with ids, name and instance of its own. Into
 * the lanes they are brought by the service itself. Returns the ids, oldest first.
 */
export async function fillLanes(
  product: Product,
  accounts: readonly TestAccount[],
  count: number,
): Promise<readonly string[]> {
  const { db } = product.service.database.postgres;
  const template = (await postOne(product, product.tenant.account)).id;
  const acceptedAt = new Date(Date.now() - ACCEPTED_AGO_MS);
  const ids = Array.from({ length: count }, () => newId('ireq')).toSorted();

  for (let from = 0; from < count; from += ROWS_AT_ONCE) {
    const rows = ids.slice(from, from + ROWS_AT_ONCE).map((id, n) => ({
      id,
      account_id: accounts[(from + n) % accounts.length]?.id,
      image_name: `filled-${id.slice(-26)}`,
      instance_id: `ins-${id.slice(-8)}`,
      event_id: newId('evt'),
      audit_id: newId('aud'),
    }));
    const wanted = sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as wanted(id text, account_id text, image_name text, instance_id text, event_id text, audit_id text)`;
    await db.transaction().execute(async (tx) => {
      await sql`
        with model as materialized (select * from image_requests where id = ${template})
        insert into image_requests
        select filled.* from model, ${wanted}, jsonb_populate_record(model::image_requests, jsonb_build_object(
          'id', wanted.id, 'account_id', wanted.account_id, 'image_name', wanted.image_name,
          'instance_id', wanted.instance_id, 'status', 'queued', 'waiting_for', null, 'next_attempt_at', null,
          'image_id', null, 'attempts_made', 0, 'name_seen_free_at', null, 'submitted_at', null, 'completed_at', null,
          'created_at', ${acceptedAt}::timestamptz, 'updated_at', ${acceptedAt}::timestamptz)) filled`.execute(tx);
      await sql`
        with model as materialized (
          select * from events where subject = ${template} and type = 'image_request.queued')
        insert into events (id, tenant_id, account_id, type, subject, data, created_at)
        select wanted.event_id, model.tenant_id, wanted.account_id, model.type, wanted.id,
          jsonb_set(model.data, '{imageRequest}', model.data -> 'imageRequest' || jsonb_build_object(
            'id', wanted.id, 'accountId', wanted.account_id, 'imageName', wanted.image_name,
            'instanceId', wanted.instance_id)),
          ${acceptedAt}::timestamptz
        from model, ${wanted}`.execute(tx);
      await sql`
        with model as materialized (
          select * from audit_entries where target ->> 'id' = ${template} and action = 'image_request.create')
        insert into audit_entries (id, tenant_id, account_id, at, actor, action, target, outcome, request_id, detail)
        select wanted.audit_id, model.tenant_id, wanted.account_id, ${acceptedAt}::timestamptz, model.actor, model.action,
          jsonb_set(model.target, '{id}', to_jsonb(wanted.id)), model.outcome, model.request_id,
          jsonb_set(model.detail, '{imageName}', to_jsonb(wanted.image_name))
        from model, ${wanted}`.execute(tx);
    });
  }
  await sql`analyze`.execute(db);
  return ids;
}

/** Until the last of them stands in its lane, and the events of all are numbered: what follows is the lanes' work alone. */
export async function settled(product: Product, ids: readonly string[]): Promise<void> {
  const wait = { timeoutMs: 60_000 + ids.length * 10, intervalMs: 500 };
  const { db } = product.service.database.postgres;
  await waitFor(() => isInLane(product, ids.at(-1)), { ...wait, what: `the last of ${ids.length} is in its lane` });
  const unsent = sql<{ count: number }>`
    select count(*) from events where sequence is null and type = 'image_request.queued'`;
  await waitFor(async () => (await unsent.execute(db)).rows[0]?.count === 0, {
    ...wait,
    what: 'all events are relayed',
  });
}

async function isInLane({ tenant }: Product, id: string | undefined): Promise<boolean> {
  const request = await tenant.api.read<{ status: string; queue: object | null }>(`/v1/image-requests/${id}`);
  return request.queue !== null || request.status !== 'queued';
}
