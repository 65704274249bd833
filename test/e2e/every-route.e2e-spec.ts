import { globSync, readFileSync } from 'node:fs';
import { type IdPrefix, newId } from '#libs/ids';
import { TENANT_SCOPES } from '#libs/tenants';
import { type Receiver, startReceiver, stopAllProcesses, waitFor } from '#libs/testing';
import type { ApiAnswer } from '../support/api-client.js';
import { callRoute, type DocumentedRoute, DocumentedRoutes, type KnownValues } from '../support/documented-routes.js';
import { EventLog } from '../support/event-log.js';
import { finish, newImageName, newInstanceId, orderFor } from '../support/image-requests.js';
import { tableContents } from '../support/table-contents.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

/** The kind of id that follows each part of a path. A route with a new kind of object has to be named here. */
const KIND_AFTER = {
  tenants: 'ten',
  'api-keys': 'key',
  accounts: 'acc',
  'image-requests': 'ireq',
  'webhook-endpoints': 'whe',
  'webhook-deliveries': 'whd',
} as const satisfies Readonly<Record<string, IdPrefix>>;

type Kind = (typeof KIND_AFTER)[keyof typeof KIND_AFTER];
type Ids = Readonly<Record<Kind, string>>;

/** A tenant with one of everything that an id can name. */
interface Owner {
  readonly tenant: TestTenant;
  readonly ids: Ids;
}

/** What the contract says of scopes, told once more and apart from the code. */
function contractScope(method: string, path: string): string | null {
  const verb = method === 'GET' ? 'read' : 'write';
  if (path === '/v1/me') return null;
  if (path.includes('/audit-log')) return 'audit:read';
  if (path.startsWith('/v1/tenants')) return 'admin';
  if (path.startsWith('/v1/api-keys')) return 'keys:write';
  if (path.startsWith('/v1/accounts')) return `accounts:${verb}`;
  if (path.startsWith('/v1/image-requests')) return `images:${verb}`;
  if (path.startsWith('/v1/events')) return 'images:read';
  if (path.startsWith('/v1/webhook-')) return `webhooks:${verb}`;
  throw new Error(`which scope does ${method} ${path} need?`);
}

function named({ method, path }: DocumentedRoute): string {
  return `${method} ${path}`;
}

function kindsIn(path: string): readonly Kind[] {
  const parts = path.split('/');
  return parts.flatMap((part, index) => {
    if (!part.startsWith('{')) return [];
    const before = parts[index - 1] ?? '';
    const kind = (KIND_AFTER as Readonly<Record<string, Kind | undefined>>)[before];
    if (kind === undefined) throw new Error(`which kind of id does ${path} have behind "${before}"?`);
    return [kind];
  });
}

function filled(path: string, ids: Ids): string {
  const kinds = [...kindsIn(path)];
  return path.replaceAll(/\{\w+\}/g, () => ids[kinds.shift() ?? 'ten']);
}

function idsFrom(make: (kind: Kind) => string): Ids {
  return Object.fromEntries(Object.values(KIND_AFTER).map((kind) => [kind, make(kind)])) as unknown as Ids;
}

describe('Every route of the API', () => {
  let service: WholeService;
  let receiver: Receiver;
  let routes: DocumentedRoutes;
  let owner: Owner;
  let stranger: Owner;
  let addressesUsed = 0;

  beforeAll(async () => {
    receiver = await startReceiver();
    service = await startWholeService({ settings: { TRUSTED_PROXIES: '127.0.0.0/8' } });
    owner = await newOwner('owner');
    stranger = await newOwner('stranger');
    // Whatever happens from here on is done by the calls of this file.
    await Promise.all(service.workers.map((worker) => worker.stop()));
    routes = await DocumentedRoutes.of(service.url);
  }, 120_000);
  afterAll(async () => {
    await service.stop();
    await receiver.close();
    await stopAllProcesses();
  }, 60_000);

  async function newOwner(name: string): Promise<Owner> {
    const tenant = await service.createTenant(name);
    const endpoint = await tenant.api.created<{ id: string }>('/v1/webhook-endpoints', { url: receiver.url });
    const request = await finish(tenant);
    await new EventLog(tenant.api).typesUntilEnd(request.id);
    const path = `/v1/webhook-endpoints/${endpoint.id}/deliveries`;
    const delivery = await waitFor(
      async () => {
        const { data } = await tenant.api.read<{ data: { id: string; status: string }[] }>(path);
        return data.length > 2 && data.every(({ status }) => status === 'delivered') ? data[0] : null;
      },
      { timeoutMs: 20_000 },
    );
    const key = await tenant.api.created<{ id: string }>('/v1/api-keys', { name: 'second', scopes: ['images:read'] });
    const ids: Ids = {
      ten: tenant.id,
      key: key.id,
      acc: tenant.account.id,
      ireq: request.id,
      whe: endpoint.id,
      whd: delivery.id,
    };
    return { tenant, ids };
  }

  /** Bodies that are right in all but, where another one is named, whose account they are about. */
  function knownValues({ tenant }: Owner, accountId = tenant.account.id): KnownValues {
    const { secretId, secretKey } = tenant.account;
    return {
      schemas: {
        CredentialBody: () => ({ type: 'static', secretId, secretKey }),
        CreateImageRequest: () => orderFor(tenant, { accountId }),
      },
      members: {
        url: receiver.url,
        accountId,
        accountIds: [accountId],
        eventTypes: null,
        imageName: newImageName(),
        instanceId: newInstanceId(),
      },
    };
  }

  /** Each from an address of its own, so that no refusal has to do with the ones before it. */
  async function call(
    route: DocumentedRoute,
    key: string | null,
    ids: Ids = owner.ids,
    values: KnownValues = knownValues(owner),
  ): Promise<ApiAnswer> {
    const number = ++addressesUsed;
    const from = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    const body = routes.bodyFor(route, values);
    return callRoute(service.url, route.method, filled(route.path, ids), { key, body, from });
  }

  function guarded(): readonly DocumentedRoute[] {
    return routes.all.filter(({ access }) => access !== 'public');
  }

  function scopeOf({ access }: DocumentedRoute): string | null {
    return typeof access === 'object' ? access.scope : null;
  }

  function ofTenants(): readonly DocumentedRoute[] {
    return guarded().filter((route) => scopeOf(route) !== 'admin');
  }

  /** Runs every case, and holds that none of them wrote anything. */
  async function expectOfEach<Case>(
    cases: readonly Case[],
    nameOf: (one: Case) => string,
    run: (one: Case) => Promise<{ readonly seen: unknown; readonly wanted: unknown }>,
  ): Promise<void> {
    const before = await tableContents(service.database.url);
    const answers: { readonly name: string; readonly seen: unknown; readonly wanted: unknown }[] = [];
    for (const one of cases) answers.push({ name: nameOf(one), ...(await run(one)) });

    expect(cases.length).toBeGreaterThan(0);
    expect(answers.map(({ name, seen }) => [name, seen])).toEqual(answers.map(({ name, wanted }) => [name, wanted]));
    expect(await tableContents(service.database.url)).toEqual(before);
  }

  async function keyOf(
    tenantId: string,
    scopes: readonly string[],
    expiresAt?: Date,
  ): Promise<{ id: string; key: string }> {
    const order = { name: 'every route', scopes, ...(expiresAt === undefined ? {} : { expiresAt }) };
    return service.admin.created(`/v1/tenants/${tenantId}/api-keys`, order);
  }

  it('stands in the document, and is walked here', () => {
    const controllers = globSync('apps/gateway/src/**/*.controller.ts').map((path) => readFileSync(path, 'utf8'));
    const handlers = controllers
      .filter((source) => !source.includes('@ApiExcludeController()'))
      .flatMap((source) => [...source.matchAll(/^ {2}@(?:Get|Post|Put|Patch|Delete|Sse)\(/gm)]);
    const hidden = controllers.filter((source) => /@ApiExclude(?:Controller|Endpoint)\(\)/.test(source));

    expect(routes.all).toHaveLength(handlers.length);
    for (const source of hidden) expect(source).toMatch(/^@Public\(\)$/m);
    for (const route of routes.all) expect(() => kindsIn(route.path)).not.toThrow();
  });

  it('asks for the scope that the contract names', () => {
    const [asked, promised] = [scopeOf, ({ method, path }: DocumentedRoute) => contractScope(method, path)].map((ask) =>
      guarded().map((route) => [named(route), ask(route)]),
    );

    expect(asked).toEqual(promised);
    expect(routes.all.filter(({ access }) => access === 'public').map(({ path }) => path)).toEqual(
      expect.not.arrayContaining([expect.stringMatching(/^\/v1\//)]),
    );
  });

  it('answers 401 without a key, and with one that is unknown, expired or revoked', async () => {
    const expired = await keyOf(owner.tenant.id, TENANT_SCOPES, new Date(Date.now() + 50));
    const revoked = await keyOf(owner.tenant.id, TENANT_SCOPES);
    await service.admin.call('DELETE', `/v1/tenants/${owner.tenant.id}/api-keys/${revoked.id}`);
    const me = { method: 'GET', path: '/v1/me', access: 'any-key', body: null } as const;
    await waitFor(async () => (await call(me, expired.key)).status === 401);
    const keys = { none: null, unknown: `cvmk_${'u'.repeat(43)}`, expired: expired.key, revoked: revoked.key };
    const cases = guarded().flatMap((route) => Object.entries(keys).map(([what, key]) => ({ route, what, key })));

    await expectOfEach(
      cases,
      ({ route, what }) => `${named(route)}, ${what}`,
      async ({ route, what, key }) => {
        const { status, body } = await call(route, key);
        const code = what === 'none' ? 'missing_api_key' : 'invalid_api_key';
        return { seen: [status, body['code']], wanted: [401, code] };
      },
    );
  });

  it('answers 403 to a key that has every scope but the one it takes', async () => {
    const lacking = new Map<string, string>();
    for (const scope of TENANT_SCOPES) {
      const others = TENANT_SCOPES.filter((one) => one !== scope);
      lacking.set(scope, (await keyOf(owner.tenant.id, others)).key);
    }
    const cases = ofTenants().filter((route) => scopeOf(route) !== null);

    await expectOfEach(cases, named, async (route) => {
      const scope = scopeOf(route) ?? '';
      const { status, body } = await call(route, lacking.get(scope) ?? null);
      return { seen: [status, body['code'], body['requiredScope']], wanted: [403, 'insufficient_scope', scope] };
    });
  });

  it("answers 403 to a tenant's key where it is the operators', and to theirs where it is a tenant's", async () => {
    const cases = guarded().filter((route) => scopeOf(route) !== null);

    await expectOfEach(cases, named, async (route) => {
      const key = scopeOf(route) === 'admin' ? owner.tenant.key : service.adminKey;
      const { status, body } = await call(route, key);
      return { seen: [status, body['code']], wanted: [403, 'insufficient_scope'] };
    });
  });

  it('answers 403 to the keys of a suspended tenant', async () => {
    const suspended = await service.createTenant('suspended');
    await service.admin.call('PATCH', `/v1/tenants/${suspended.id}`, { status: 'suspended' });

    await expectOfEach(guarded(), named, async (route) => {
      const { status, body } = await call(route, suspended.key);
      return { seen: [status, body['code']], wanted: [403, 'tenant_suspended'] };
    });
  });

  it("answers for another tenant's object word for word as for one that is not there", async () => {
    const cases = ofTenants().filter(({ path }) => kindsIn(path).length > 0);

    await expectOfEach(cases, named, async (route) => {
      const [foreign, unknown, malformed] = [
        await call(route, stranger.tenant.key, owner.ids, knownValues(stranger)),
        await call(route, stranger.tenant.key, idsFrom(newId), knownValues(stranger)),
        await call(
          route,
          stranger.tenant.key,
          idsFrom(() => 'nonsense'),
          knownValues(stranger),
        ),
      ];
      return {
        seen: [foreign.status, words(foreign), words(malformed)],
        wanted: [404, words(unknown), words(unknown)],
      };
    });
  });

  it('answers likewise when the object stands in the body', async () => {
    const cases = ofTenants().filter((route) => routes.bodyHas(route, 'accountId'));

    await expectOfEach(cases, named, async (route) => {
      const ask = async (accountId: string) =>
        call(route, stranger.tenant.key, stranger.ids, knownValues(stranger, accountId));
      const [foreign, unknown] = [await ask(owner.ids.acc), await ask(newId('acc'))];
      return {
        seen: [foreign.status >= 400, foreign.status, words(foreign)],
        wanted: [true, unknown.status, words(unknown)],
      };
    });
  });

  it("answers for one tenant's key below another tenant as for one that is not there", async () => {
    const cases = guarded().filter(({ path }) => kindsIn(path).join() === 'ten,key');

    await expectOfEach(cases, named, async (route) => {
      const [foreign, unknown] = [
        await call(route, service.adminKey, { ...owner.ids, key: stranger.ids.key }),
        await call(route, service.adminKey, { ...owner.ids, key: newId('key') }),
      ];
      return { seen: [foreign.status, words(foreign)], wanted: [404, words(unknown)] };
    });
  });

  it('lists nothing of another tenant', async () => {
    const cases = ofTenants().filter(({ method, path }) => method === 'GET' && kindsIn(path).length === 0);
    const theirs = [...Object.values(owner.ids), owner.tenant.account.uin, owner.tenant.key];

    await expectOfEach(cases, named, async (route) => {
      const { status, body } = await call(route, stranger.tenant.key);
      const text = JSON.stringify(body);
      return { seen: [status, theirs.filter((id) => text.includes(id))], wanted: [200, []] };
    });
    // What they are not shown is there, for whom it is.
    const shown = await Promise.all(
      cases.map(async (route) => JSON.stringify((await call(route, owner.tenant.key)).body)),
    );
    for (const id of [owner.ids.acc, owner.ids.ireq, owner.ids.whe, owner.ids.key]) expect(shown.join()).toContain(id);
  });

  it('is called here in a way that it takes, so that nothing above was refused for its form', async () => {
    const rank = ({ method, path }: DocumentedRoute) =>
      method === 'DELETE' ? 2 : path.includes('/tenants/{id}') ? 1 : 0;
    const ordered = [...guarded()].sort((one, other) => rank(one) - rank(other));
    const refused: string[] = [];
    for (const route of ordered) {
      const key = scopeOf(route) === 'admin' ? service.adminKey : owner.tenant.key;
      const ids = { ...owner.ids, key: (await keyOf(owner.tenant.id, ['images:read'])).id };
      const { status, body } = await call(route, key, ids);
      // 409: the object is there, in a state in which that cannot be done to it.
      if (status >= 400 && status !== 409) refused.push(`${named(route)}: ${status} ${JSON.stringify(body)}`);
    }

    expect(refused).toEqual([]);
  });
});

/** All that an answer says but which request it was, and under which path. */
function words({ body, headers }: ApiAnswer): unknown {
  return { ...body, instance: '', requestId: '', type: headers.get('content-type') };
}
