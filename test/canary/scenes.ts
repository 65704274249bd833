import { newInstanceId } from '../support/image-requests.js';
import { addRole, PLATFORM } from '../support/platform.js';
import type { SimulatorFault } from '../support/simulator-control.js';
import type { Party, PlantedCredential, Stage } from './stage.js';

/** One thing that tenants do with secrets in hand. A new way to hold a secret is one scene more. */
export interface Scene {
  readonly name: string;
  play(party: Party, stage: Stage): Promise<void>;
}

const LARGE_BYTES = 2 * 1024 * 1024;
/** Every way in which the cloud fails, by the action that it fails in; of a hanging call the answer never comes. */
const FAULTS: readonly (readonly [string, SimulatorFault])[] = [
  ['GetCallerIdentity', { kind: 'reset-before' }],
  ['GetCallerIdentity', { kind: 'garbage' }],
  ['GetCallerIdentity', { kind: 'truncated' }],
  ['GetCallerIdentity', { kind: 'bad-gateway' }],
  ['GetCallerIdentity', { kind: 'redirect', location: 'http://127.0.0.1:9/' }],
  ['CreateImage', { kind: 'reset-after' }],
  ['CreateImage', { kind: 'garbage' }],
  ['CreateImage', { kind: 'bad-gateway' }],
  ['CreateImage', { kind: 'hang-after', ms: 100 }],
  ['DescribeImages', { kind: 'reset-before' }],
  ['DescribeImages', { kind: 'empty' }],
];

function orderOf(party: Party, name: string): Record<string, unknown> {
  return {
    accountId: party.accountId,
    region: 'ap-guangzhou',
    imageName: `${party.imageName}-${name}`,
    instanceId: newInstanceId(),
  };
}

function bodyOf({ secretId, secretKey }: PlantedCredential): Record<string, unknown> {
  return { type: 'static', secretId, secretKey };
}

async function ended({ api }: Party, id: string): Promise<void> {
  const { completedAt } = await api.must<{ completedAt: string | null }>('GET', `/v1/image-requests/${id}?wait=60`);
  if (completedAt === null) throw new Error(`${id} has not ended within a minute`);
}

const orders: Scene = {
  name: 'images are made, waited for, canceled and listed',
  async play(party) {
    const { api } = party;
    const made = await api.must<{ id: string }>('POST', '/v1/image-requests', orderOf(party, 'made'));
    const dry = await api.must<{ id: string }>('POST', '/v1/image-requests', {
      ...orderOf(party, 'dry'),
      dryRun: true,
    });
    await api.must('POST', '/v1/image-requests?validateOnly=true', orderOf(party, 'checked'));
    const doomed = await api.must<{ id: string }>('POST', '/v1/image-requests', orderOf(party, 'canceled'));
    await api.call('POST', `/v1/image-requests/${doomed.id}/cancel`);
    for (const { id } of [made, dry, doomed]) await ended(party, id);
    await api.must('GET', '/v1/image-requests?limit=200');
  },
};

const rotation: Scene = {
  name: 'a credential is verified and replaced',
  async play(party, stage) {
    const { api, accountId, credential } = party;
    await api.must('POST', `/v1/accounts/${accountId}/verify`);
    const next = await stage.newCredential(party.number, { of: credential });
    await api.must('PUT', `/v1/accounts/${accountId}/credential`, { credential: bodyOf(next) });
    const rotated = await api.must<{ id: string }>('POST', '/v1/image-requests', orderOf(party, 'rotated'));
    await ended(party, rotated.id);
  },
};

const rejections: Scene = {
  name: 'credentials are rejected by the cloud',
  async play(party, stage) {
    const { api, accountId, number } = party;
    const unknown = await stage.newCredential(number, { isKnown: false });
    const stranger = await stage.newCredential(number);
    const wrongKey = { ...stranger, secretKey: unknown.secretKey };
    for (const credential of [unknown, wrongKey]) {
      const body = { name: 'rejected', credential: bodyOf(credential) };
      await api.mustNot('POST', '/v1/accounts', { body });
      await api.mustNot('PUT', `/v1/accounts/${accountId}/credential`, { body: { credential: bodyOf(credential) } });
    }
    // With the key where the id belongs: one that is refused for its form, and one that the cloud is asked about.
    for (const { secretId, secretKey } of [stranger, await stage.newCredential(number, { isPlain: true })]) {
      const swapped = { ...stranger, secretId: secretKey, secretKey: secretId };
      await api.mustNot('POST', '/v1/accounts', { body: { name: 'swapped', credential: bodyOf(swapped) } });
    }
    // A good one, of somebody else.
    await api.mustNot('PUT', `/v1/accounts/${accountId}/credential`, { body: { credential: bodyOf(stranger) } });
  },
};

const badBodies: Scene = {
  name: 'secrets stand where they do not belong, in bodies that are refused',
  async play(party, stage) {
    const { api, key } = party;
    const planted = await stage.newCredential(party.number, { isKnown: false });
    const { secretId, secretKey } = planted;
    const good = { name: 'bad', credential: bodyOf(planted) };
    const bodies: unknown[] = [
      { ...good, secretKey },
      { ...good, name: undefined, [`x-${party.number}`]: secretKey },
      { ...good, site: secretKey },
      { ...good, name: [secretKey] },
      { name: 'bad', credential: secretKey },
      { name: 'bad', credential: [secretId, secretKey] },
      { name: 'bad', credential: { ...good.credential, type: secretKey } },
      { name: 'bad', credential: { ...good.credential, type: 'assumeRole', roleArn: secretKey } },
      { name: 'bad', credential: { ...good.credential, secretId: 7 } },
      { name: 'bad', credential: { ...good.credential, secretKey: { value: secretKey } } },
      { name: 'bad', credential: { ...good.credential, secretKey: `${secretKey} with spaces` } },
      { name: 'bad', credential: { ...good.credential, token: secretKey } },
      { constructor: secretKey, ...good },
      secretKey,
      JSON.stringify(good).slice(0, -1),
      JSON.stringify(good).replace('{', `{"name": ${secretKey}, `),
      `${JSON.stringify(good)} ${secretKey}`,
      `{"__proto__": {"secretKey": ${JSON.stringify(secretKey)}}, "name": "bad"}`,
      JSON.stringify({ ...good, filler: 'x'.repeat(LARGE_BYTES) }),
    ];
    for (const body of bodies) {
      await api.mustNot('POST', '/v1/accounts', { body });
      await api.mustNot('PUT', `/v1/accounts/${party.accountId}/credential`, { body });
      await api.mustNot('POST', '/v1/image-requests', { body });
      await api.mustNot('POST', '/v1/webhook-endpoints', { body });
      await api.mustNot('POST', '/v1/api-keys', { body });
    }
    const asText = { 'content-type': 'text/plain' };
    await api.mustNot('POST', '/v1/accounts', { body: JSON.stringify(good), headers: asText });
    await api.mustNot('POST', '/v1/image-requests', { body: { ...orderOf(party, 'bad'), region: secretKey } });
    await api.mustNot('POST', '/v1/image-requests', { body: { ...orderOf(party, 'bad'), tags: { key } } });
    await api.mustNot('POST', '/v1/webhook-endpoints', { body: { url: `https://:${key}@` } });
  },
};

const badQueries: Scene = {
  name: 'secrets stand in queries',
  async play(party, stage) {
    const { api, key } = party;
    const { secretKey } = await stage.newCredential(party.number, { isKnown: false });
    for (const secret of [secretKey, key].map(encodeURIComponent)) {
      await api.mustNot('GET', `/v1/accounts?key=${secret}`, {});
      await api.mustNot('GET', `/v1/accounts?limit=${secret}`, {});
      await api.mustNot('GET', `/v1/image-requests?cursor=${secret}`, {});
      await api.mustNot('GET', `/v1/image-requests?status=${secret}`, {});
      await api.mustNot('GET', `/v1/api-keys?prefix=${secret}`, {});
      await api.mustNot('GET', `/v1/me?api_key=${secret}`, { key: null });
      await api.call('GET', `/v1/nothing?key=${secret}`);
    }
  },
};

const misplacedKeys: Scene = {
  name: 'keys stand in paths, names and headers, which are kept in clear',
  async play(party, stage) {
    const { api, key } = party;
    const { secretId } = await stage.newCredential(party.number, { isKnown: false });
    for (const secret of [key, secretId]) {
      const headers = { 'x-request-id': secret, 'user-agent': `build (${secret})` };
      await api.call('GET', '/v1/me', { headers });
      await api.mustNot('GET', '/v1/me', { key: null, headers });
      await api.mustNot('POST', '/v1/tenants', { body: { name: 'mine' }, headers });
      const roleArn = `qcs::cam::uin/100000000001:roleName/${secret}`;
      for (const body of [
        { name: secret, scopes: ['images:read'] },
        { name: 'named', scopes: [], [secret]: secret },
      ])
        await api.mustNot('POST', '/v1/api-keys', { body });
      await api.mustNot('POST', '/v1/accounts', {
        body: { name: 'role', credential: { type: 'assumeRole', roleArn } },
      });
      await api.mustNot('GET', `/v1/accounts?${secret}=1`, {});
      for (const path of [
        `/v1/accounts/${secret}`,
        `/v1/image-requests/${secret}/cancel`,
        `/v1/nothing/${secret}`,
        `/${secret}`,
      ])
        for (const holder of [key, null]) await api.mustNot('GET', path, { key: holder });
    }
  },
};

const roles: Scene = {
  name: 'an account acts as a role, which is lent, refused and lent again',
  async play(party, stage) {
    const { api, number } = party;
    const { simulator } = stage.service;
    const { tenant } = await api.must<{ tenant: { externalId: string } }>('GET', '/v1/me');
    const { roleArn } = await addRole(simulator, [tenant.externalId]);
    const credential = { type: 'assumeRole', roleArn };
    const account = await api.must<{ id: string }>('POST', '/v1/accounts', { name: `role ${number}`, credential });
    const order = (name: string) => ({ ...orderOf(party, `role-${name}`), accountId: account.id });
    const make = async (name: string): Promise<void> =>
      ended(party, (await api.must<{ id: string }>('POST', '/v1/image-requests', order(name))).id);
    await make('lent');
    await simulator.endSessions(roleArn);
    await make('again');
    await simulator.addRole({ roleArn, trustedUin: '1', externalId: null });
    await api.mustNot('POST', `/v1/accounts/${account.id}/verify`, {});
    const kept = await api.must<{ id: string }>('POST', '/v1/image-requests', order('kept'));
    const foreign = { ...credential, roleArn: `${roleArn}-2` };
    await api.mustNot('PUT', `/v1/accounts/${account.id}/credential`, { body: { credential: foreign } });
    await simulator.addRole({ roleArn, trustedUin: PLATFORM.uin, externalId: tenant.externalId });
    await api.must('PUT', `/v1/accounts/${account.id}/credential`, { credential });
    await ended(party, kept.id);
  },
};

const refusedKeys: Scene = {
  name: 'keys are revoked, expire, are mistyped and are sent in the wrong way',
  async play(party) {
    const { api, key, tenantId, operator } = party;
    const path = `/v1/tenants/${tenantId}/api-keys`;
    const order = { name: 'brief', scopes: ['images:read'] };
    const revoked = await operator.must<{ id: string; key: string }>('POST', path, order);
    await api.with(revoked.key).must('GET', '/v1/me');
    await operator.must('DELETE', `${path}/${revoked.id}`);
    await api.mustNot('GET', '/v1/me', { key: revoked.key });
    await api.with(revoked.key).mustNot('POST', '/v1/accounts', { body: { name: revoked.key } });
    const own = await api.must<{ id: string; key: string }>('POST', '/v1/api-keys', order);
    await api.with(own.key).mustNot('GET', '/v1/accounts', {});
    await api.must('DELETE', `/v1/api-keys/${own.id}`);
    await api.mustNot('GET', '/v1/me', { key: `${key}x` });
    const basic = Buffer.from(`user:${key}`).toString('base64');
    for (const authorization of [`Basic ${basic}`, `Bearer "${key}"`, `Bearer ${key} ${key}`, key, `Token ${key}`])
      await api.mustNot('GET', '/v1/me', { key: null, headers: { authorization } });
    await api.mustNot('GET', '/v1/me', { key: null, headers: { 'x-api-key': key, cookie: `key=${key}` } });
  },
};

const cloudFaults: Scene = {
  name: 'the cloud fails in every way, and repeats secrets in its words',
  async play(party, stage) {
    const { api, number, accountId } = party;
    const { simulator } = stage.service;
    const credential = await stage.newCredential(number, { of: party.credential });
    const { secretId, secretKey } = credential;
    await api.must('PUT', `/v1/accounts/${accountId}/credential`, { credential: bodyOf(credential) });
    const message = `The SecretId ${secretId} with the key ${secretKey} is not allowed to do this`;
    const spoken = (code: string): SimulatorFault => ({ kind: 'error', code, message });
    const faults = [
      ...FAULTS,
      ['GetCallerIdentity', spoken('AuthFailure.SecretIdNotFound')] as const,
      ['CreateImage', spoken('UnauthorizedOperation.PermissionDenied')] as const,
      ['CreateImage', spoken('InternalError')] as const,
      ['DescribeImages', spoken('UnauthorizedOperation.PermissionDenied')] as const,
    ];
    const [ofChecks, ofImages] = [true, false].map((isCheck) =>
      faults.filter(([action]) => (action === 'GetCallerIdentity') === isCheck),
    );
    for (const [action, effect] of ofChecks ?? []) {
      await simulator.addFaults({ match: { action, secretId }, times: 1, effect });
      await api.call('POST', `/v1/accounts/${accountId}/verify`);
    }
    // The last of them was word that the credential is gone: what is ordered now waits until it is verified.
    const kept = await api.must<{ id: string }>('POST', '/v1/image-requests', orderOf(party, 'kept'));
    await api.must('GET', `/v1/accounts/${accountId}`);
    await api.must('POST', `/v1/accounts/${accountId}/verify`);
    await ended(party, kept.id);
    await simulator.addFaults(
      ...(ofImages ?? []).map(([action, effect]) => ({ match: { action, secretId }, times: 1, effect })),
    );
    const made: string[] = [];
    for (const name of (ofImages ?? []).map((_fault, index) => `fault-${index}`))
      made.push((await api.must<{ id: string }>('POST', '/v1/image-requests', orderOf(party, name))).id);
    for (const id of made) await ended(party, id);
  },
};

const failingReceiver: Scene = {
  name: 'a receiver fails, and repeats what it was sent',
  async play(party, stage) {
    const { api } = party;
    const endpoint = await api.must<{ id: string }>('POST', '/v1/webhook-endpoints', { url: stage.failing.url });
    await api.must('POST', `/v1/webhook-endpoints/${endpoint.id}/test`);
    const made = await api.must<{ id: string }>('POST', '/v1/image-requests', orderOf(party, 'told'));
    await ended(party, made.id);
  },
};

const rotatedSecrets: Scene = {
  name: 'the secrets of endpoints are rotated, with and without an overlap, while deliveries go out',
  async play(party, stage) {
    const { api, endpointId } = party;
    const schemes = { signatureSchemes: ['v1', 'v1a'] };
    const failing = { url: stage.failing.url, ...schemes };
    const endpoint = await api.must<{ id: string }>('POST', '/v1/webhook-endpoints', failing);
    await api.must('PATCH', `/v1/webhook-endpoints/${endpointId}`, schemes);
    for (const id of [endpoint.id, endpointId]) {
      const path = `/v1/webhook-endpoints/${id}`;
      for (const body of [undefined, {}, { overlapSeconds: 1 }, { overlapSeconds: 0 }, undefined]) {
        const { secret } = await api.must<{ secret: string }>('POST', `${path}/rotate-secret`, body);
        await api.must('POST', `${path}/test`);
        await api.mustNot('POST', `${path}/rotate-secret`, { body: { overlapSeconds: secret } });
        await api.mustNot('PATCH', path, { body: { signatureSchemes: [secret] } });
      }
    }
  },
};

const everyRoute: Scene = {
  name: 'every route of the document is called',
  async play(party, stage) {
    const { api, operator, tenantId, accountId, endpointId } = party;
    const current = await stage.newCredential(party.number, { of: party.credential });
    const made = await api.must<{ id: string }>('POST', '/v1/image-requests', orderOf(party, 'walked'));
    const { deliveryId } = await api.must<{ deliveryId: string }>('POST', `/v1/webhook-endpoints/${endpointId}/test`);
    const spare = await api.must<{ id: string }>('POST', '/v1/api-keys', { name: 'spare', scopes: ['images:read'] });
    const ids: Readonly<Record<string, string>> = {
      tenants: tenantId,
      accounts: accountId,
      'image-requests': made.id,
      'webhook-endpoints': endpointId,
      'webhook-deliveries': deliveryId,
      'api-keys': spare.id,
    };
    const known = {
      schemas: {
        CredentialBody: () => bodyOf(current),
        CreateImageRequest: () => orderOf(party, `walk-${Math.random().toString(36).slice(2, 8)}`),
      },
      members: { accountId, accountIds: null, url: stage.receiver.url },
    };
    for (const route of stage.routes.all.filter(({ method }) => method !== 'DELETE')) {
      const path = route.path.replaceAll(/([^/]+)\/\{\w+\}/g, (_whole, before: string) => `${before}/${ids[before]}`);
      const isOperators = typeof route.access === 'object' && route.access.scope === 'admin';
      const caller = isOperators ? operator : api;
      const { status } = await caller.call(route.method, path, { body: stage.routes.bodyFor(route, known) });
      if (status >= 500) throw new Error(`${route.method} ${path}: ${status}`);
    }
    await ended(party, made.id);
  },
};

const farewell: Scene = {
  name: 'every second tenant takes back all that it gave',
  async play(party) {
    const { api, number, accountId, endpointId, tenantId, keyId, operator } = party;
    if (number % 2 === 0) return;
    await api.must('DELETE', `/v1/webhook-endpoints/${endpointId}`);
    // Refused while a request is open, which is a lawful answer too.
    await api.call('DELETE', `/v1/accounts/${accountId}`);
    await operator.must('DELETE', `/v1/tenants/${tenantId}/api-keys/${keyId}`);
    await operator.must('PATCH', `/v1/tenants/${tenantId}`, { status: 'suspended' });
  },
};

/** What a process heard last is what its parsers, sockets and caches may hold on to until they hear something else. */
export const LAST_WORDS: readonly Scene[] = ['accepted', 'broken', 'rejected'].map((last) => ({
  name: `the last that the gateway hears is a credential that is ${last}`,
  async play({ api, number, accountId, credential }, stage) {
    const isKnown = last !== 'rejected';
    const body = { credential: bodyOf(await stage.newCredential(number, { isKnown, of: credential })) };
    const text = JSON.stringify(body);
    const path = `/v1/accounts/${accountId}/credential`;
    await api.call('PUT', path, { body: last === 'broken' ? text.slice(0, -1) : text });
  },
}));

/** Opens the account's credential, signs the calls of one image with it, and the deliveries that tell of it. */
export const signing: Scene = {
  name: 'an image is made and told of',
  async play(party) {
    const made = await party.api.must<{ id: string }>('POST', '/v1/image-requests', orderOf(party, 'last'));
    await ended(party, made.id);
  },
};

/** In this order, for each tenant; the last one leaves keys that open nothing. */
export const SCENES: readonly Scene[] = [
  orders,
  rotation,
  rejections,
  badBodies,
  badQueries,
  misplacedKeys,
  refusedKeys,
  roles,
  cloudFaults,
  failingReceiver,
  rotatedSecrets,
  everyRoute,
  farewell,
];
