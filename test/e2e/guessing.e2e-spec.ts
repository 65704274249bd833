import { sql } from 'kysely';
import { stopAllProcesses } from '#libs/testing';
import { type ApiAnswer, ApiClient } from '../support/api-client.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

interface Refusal {
  readonly actor: { readonly id: string | null; readonly ip: string };
  readonly detail: { readonly reason: string; readonly folded?: number };
}

const GUESSES_MAX = 20;
const UNKNOWN = `cvmk_${'x'.repeat(43)}`;

let addressesUsed = 0;

/** An address that nobody has called from yet. */
function newAddress(): string {
  return `203.0.113.${++addressesUsed}`;
}

describe('Guesses at keys', () => {
  let service: WholeService;
  let tenant: TestTenant;

  beforeAll(async () => {
    service = await startWholeService({ gateways: 2, workers: 0, settings: { TRUSTED_PROXIES: '127.0.0.0/8' } });
    tenant = await service.createTenant('guessed at');
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await stopAllProcesses();
  }, 60_000);

  /** Asks one of the gateways, through a balancer that names the address. */
  async function call(address: string, key: string | null, gateway = 0, path = '/v1/me'): Promise<ApiAnswer> {
    const url = service.gateways[gateway]?.url ?? '';
    return new ApiClient(url, key).call('GET', path, undefined, { 'x-forwarded-for': address });
  }

  async function guess(address: string, times: number, key = UNKNOWN): Promise<number[]> {
    const answers = await Promise.all(Array.from({ length: times }, (_, index) => call(address, key, index % 2)));
    return answers.map(({ status }) => status);
  }

  function count(statuses: readonly number[], status: number): number {
    return statuses.filter((seen) => seen === status).length;
  }

  async function refusalsFrom(address: string): Promise<readonly Refusal[]> {
    const { rows } = await sql<Refusal>`
      select actor, detail from audit_entries
      where action = 'auth.refused' and actor ->> 'ip' = ${address} order by position
    `.execute(service.database.postgres.db);
    return rows;
  }

  it('are slowed after twenty from one address, whichever gateways they go to and however many come at once', async () => {
    const [address, other] = [newAddress(), newAddress()];
    const statuses = await guess(address, 60);

    expect([count(statuses, 401), count(statuses, 429)]).toEqual([GUESSES_MAX, 40]);
    const slowed = await call(address, UNKNOWN);
    expect(slowed.status).toBe(429);
    expect(slowed.body).toMatchObject({ code: 'too_many_failures', status: 429 });
    expect(slowed.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    const retryAfter = Number(slowed.headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect((await call(other, UNKNOWN)).status).toBe(401);
  });

  it('count by /64 for IPv6', async () => {
    for (let host = 1; host <= GUESSES_MAX; host += 1) await call(`2001:db8:0:1::${host.toString(16)}`, UNKNOWN);

    expect((await call('2001:db8:0:1:ffff::1', UNKNOWN)).status).toBe(429);
    expect((await call('2001:db8:0:2::1', UNKNOWN)).status).toBe(401);
  });

  it("learn nothing of the operators' key once they are slowed, right or wrong", async () => {
    const address = newAddress();
    expect((await call(address, service.adminKey)).status).toBe(200);
    await guess(address, GUESSES_MAX, 'a-guess-of-no-particular-form');
    const [right, wrong] = [
      await call(address, service.adminKey, 0, '/v1/tenants'),
      await call(address, `${service.adminKey.slice(0, -1)}!`, 0, '/v1/tenants'),
    ];

    expect(right.status).toBe(429);
    expect(told(right)).toEqual(told(wrong));
    expect((await call(newAddress(), service.adminKey)).status).toBe(200);
  });

  it('lock out nobody who has a key of a tenant and calls from the same address', async () => {
    const address = newAddress();
    await guess(address, GUESSES_MAX + 1);

    expect((await call(address, tenant.key)).status).toBe(200);
    expect((await call(address, null)).status).toBe(401);
  });

  it('are not what someone does who knew the key, or has none', async () => {
    const address = newAddress();
    const path = `/v1/tenants/${tenant.id}/api-keys`;
    const old = await service.admin.created<{ id: string; key: string }>(path, {
      name: 'old',
      scopes: ['images:read'],
    });
    await service.admin.call('DELETE', `${path}/${old.id}`);
    const revoked = await guess(address, GUESSES_MAX + 5, old.key);
    const missing = await Promise.all(Array.from({ length: GUESSES_MAX + 5 }, () => call(address, null)));

    expect(count(revoked, 401)).toBe(GUESSES_MAX + 5);
    expect(
      count(
        missing.map(({ status }) => status),
        401,
      ),
    ).toBe(GUESSES_MAX + 5);
    expect((await call(address, service.adminKey)).status).toBe(200);
    expect((await call(address, UNKNOWN)).status).toBe(401);
  });

  it('are counted by each gateway itself while Redis is out of reach', async () => {
    const address = newAddress();
    await service.restartRedis(async () => {
      const statuses = await Promise.all(Array.from({ length: 30 }, () => call(address, UNKNOWN)));

      expect(
        count(
          statuses.map(({ status }) => status),
          401,
        ),
      ).toBe(GUESSES_MAX);
      expect((await call(address, service.adminKey)).status).toBe(429);
      expect((await call(address, tenant.key)).status).toBe(200);
    });
  }, 60_000);

  it('have an entry each in the audit log up to twenty a minute, and together one that counts the others', async () => {
    const address = newAddress();
    const url = (await service.startGateway()).url ?? '';
    const gateway = service.gateways.at(-1);
    const guesser = new ApiClient(url, UNKNOWN);
    for (let n = 0; n < GUESSES_MAX + 7; n += 1)
      await guesser.call('GET', '/v1/me', undefined, { 'x-forwarded-for': address });
    expect((await refusalsFrom(address)).map(({ detail }) => detail.reason)).toEqual(
      Array.from({ length: GUESSES_MAX }, () => 'unknown'),
    );
    expect(await gateway?.stop()).toBe(0);

    const [told, ...more] = (await refusalsFrom(address)).slice(GUESSES_MAX);
    expect(told?.detail).toMatchObject({ reason: 'too_many_failures', folded: 7 });
    expect(more).toEqual([]);
  });
});

/** All that an answer tells but when it was given, which request it was, and the seconds that are left. */
function told({ status, headers, body }: ApiAnswer): unknown {
  const names = [...headers.keys()].filter((name) => !['date', 'x-request-id', 'retry-after'].includes(name));
  return { status, headers: names.map((name) => [name, headers.get(name)]), body: { ...body, requestId: '' } };
}
