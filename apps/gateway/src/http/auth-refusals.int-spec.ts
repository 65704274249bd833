import type { FastifyRequest } from 'fastify';
import { sql } from 'kysely';
import { AuditStore } from '#libs/audit';
import { ManualClock } from '#libs/clock';
import { SilentLog } from '#libs/logging';
import { createMigratedDatabase, type MigratedDatabase, waitFor } from '#libs/testing';
import { AuthRefusals } from './auth-refusals.js';

const UNKNOWN = { reason: 'unknown', apiKey: null };

function requestFrom(ip: string, url = '/v1/me'): FastifyRequest {
  const request = { id: 'req-1', ip, url, method: 'GET', headers: { 'user-agent': 'x'.repeat(1000) } };
  return request as unknown as FastifyRequest;
}

describe('AuthRefusals', () => {
  const clock = new ManualClock();
  let database: MigratedDatabase;
  let refusals: AuthRefusals;

  beforeAll(async () => {
    database = await createMigratedDatabase();
    refusals = new AuthRefusals(database.postgres, new AuditStore(), clock, new SilentLog());
  });
  afterAll(async () => {
    await refusals.onApplicationShutdown();
    await database.drop();
  });

  async function detailsFrom(ip: string): Promise<readonly Record<string, unknown>[]> {
    const { rows } = await sql<{ detail: Record<string, unknown> }>`
      select detail from audit_entries where actor ->> 'ip' = ${ip} order by position
    `.execute(database.postgres.db);
    return rows.map(({ detail }) => detail);
  }

  async function refuse(ip: string, times: number): Promise<void> {
    for (let n = 1; n <= times; n += 1) await refusals.record(requestFrom(ip, `/v1/${n}?key=hidden`), UNKNOWN);
  }

  it('tells what it folded once the minute is over, without another refusal to remind it', async () => {
    await refuse('192.0.2.1', 24);
    expect(await detailsFrom('192.0.2.1')).toHaveLength(20);
    clock.advance(60_000);

    await waitFor(async () => (await detailsFrom('192.0.2.1')).length === 21, { timeoutMs: 15_000 });
    expect((await detailsFrom('192.0.2.1')).at(-1)).toEqual({
      reason: 'unknown',
      method: 'GET',
      path: '/v1/24',
      folded: 4,
    });
  });

  it('counts the addresses of one IPv6 network together', async () => {
    for (let host = 1; host <= 25; host += 1)
      await refusals.record(requestFrom(`2001:db8::${host.toString(16)}`), UNKNOWN);

    const { rows } = await sql<{ n: string }>`
      select count(*) as n from audit_entries where actor ->> 'ip' like '2001:db8::%'
    `.execute(database.postgres.db);
    expect(Number(rows[0]?.n)).toBe(20);
  });

  it('gives each refusal of a key that is known an entry of its own whatever unknown ones come from there', async () => {
    await refuse('192.0.2.3', 25);
    await refusals.record(requestFrom('192.0.2.3'), { reason: 'insufficient_scope', apiKey: 'admin' });

    expect((await detailsFrom('192.0.2.3')).at(-1)).toMatchObject({ reason: 'insufficient_scope' });
  });

  it('keeps no key that stands where none belongs', async () => {
    const key = `cvmk_${'Ab3_-'.repeat(8)}xyz`;
    const request = requestFrom('192.0.2.5', `/v1/accounts/${key}/AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA?k=${key}`);
    request.headers['user-agent'] = `curl (${key})`;
    await refusals.record(request, UNKNOWN);

    const { rows } = await sql<{ entry: Record<string, unknown> }>`
      select to_jsonb(audit_entries) as entry from audit_entries where actor ->> 'ip' = '192.0.2.5'
    `.execute(database.postgres.db);
    expect(rows[0]?.entry).toMatchObject({
      actor: { userAgent: 'curl ([secret])' },
      detail: { path: '/v1/accounts/*/*' },
    });
  });

  it('keeps no more than the beginning of what a caller may make long', async () => {
    await refusals.record(requestFrom('192.0.2.4', `/${'y'.repeat(1000)}`), UNKNOWN);

    const { rows } = await sql<{ size: number }>`
      select length(actor::text) + length(detail::text) as size from audit_entries where actor ->> 'ip' = '192.0.2.4'
    `.execute(database.postgres.db);
    expect(rows[0]?.size).toBeLessThan(800);
  });
});
