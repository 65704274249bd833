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
        insert into image_requests
        select (jsonb_populate_record(model, jsonb_build_object(
          'id', wanted.id, 'account_id', wanted.account_id, 'image_name', wanted.image_name,
          'instance_id', wanted.instance_id, 'status', 'queued', 'waiting_for', null, 'next_attempt_at', null,
          'image_id', null, 'attempts_made', 0, 'name_seen_free_at', null, 'submitted_at', null, 'completed_at', null,
          'created_at', ${acceptedAt}::timestamptz, 'updated_at', ${acceptedAt}::timestamptz))).*
        from image_requests model, ${wanted} where model.id = ${template}`.execute(tx);
      await sql`
        insert into events (id, tenant_id, account_id, type, subject, data, created_at)
        select wanted.event_id, model.tenant_id, wanted.account_id, model.type, wanted.id,
          jsonb_set(jsonb_set(jsonb_set(jsonb_set(model.data, '{imageRequest,id}', to_jsonb(wanted.id)),
            '{imageRequest,accountId}', to_jsonb(wanted.account_id)),
            '{imageRequest,imageName}', to_jsonb(wanted.image_name)),
            '{imageRequest,instanceId}', to_jsonb(wanted.instance_id)),
          ${acceptedAt}::timestamptz
        from events model, ${wanted} where model.subject = ${template} and model.type = 'image_request.queued'`.execute(
        tx,
      );
      await sql`
        insert into audit_entries (id, tenant_id, account_id, at, actor, action, target, outcome, request_id, detail)
        select wanted.audit_id, model.tenant_id, wanted.account_id, ${acceptedAt}::timestamptz, model.actor, model.action,
          jsonb_set(model.target, '{id}', to_jsonb(wanted.id)), model.outcome, model.request_id,
          jsonb_set(model.detail, '{imageName}', to_jsonb(wanted.image_name))
        from audit_entries model, ${wanted}
        where model.target ->> 'id' = ${template} and model.action = 'image_request.create'`.execute(tx);
    });
  }
  await sql`analyze`.execute(db);
  return ids;
}

/** Until the last of them stands in its lane, and the events of all are numbered. */
export async function settled(product: Product, ids: readonly string[]): Promise<void> {
  const { db } = product.service.database.postgres;
  await waitFor(
    async () => {
      const request = await product.tenant.api.read<{ status: string; queue: object | null }>(
        `/v1/image-requests/${ids.at(-1)}`,
      );
      return request.queue !== null || request.status !== 'queued';
    },
    { timeoutMs: 300_000, intervalMs: 500, what: 'the last request of the backlog is in its lane' },
  );
  await waitFor(
    async () => {
      const { rows } = await sql<{ open: number }>`select count(*) as open from events where sequence is null`.execute(
        db,
      );
      return (rows[0]?.open ?? 0) < 10;
    },
    { timeoutMs: 300_000, intervalMs: 500, what: 'the events of the backlog are relayed' },
  );
}
