import { sql } from 'kysely';
import { newId } from '#libs/ids';
import { stopAllProcesses } from '#libs/testing';
import { ApiClient } from '../../../test/support/api-client.js';
import {
  type GatewayAlone,
  type KeyedTenant,
  startGatewayAlone,
  STARTING_MS,
} from '../../../test/support/gateway-alone.js';
import { createAccount } from '../../../test/support/whole-service.js';

interface Problem {
  readonly code: string;
  readonly status: number;
  readonly errors: readonly { readonly pointer: string; readonly code: string }[];
}

const SCOPES = ['images:read', 'images:write', 'accounts:write'];
const INSTANCE = { instanceId: 'ins-6pb6lrmy' };

describe('A bad image request', () => {
  let gateway: GatewayAlone;
  let tenant: KeyedTenant;
  let accountId: string;

  beforeAll(async () => {
    gateway = await startGatewayAlone();
    tenant = await gateway.createTenant(SCOPES);
    accountId = (await createAccount(tenant.api, gateway.simulator)).id;
  }, STARTING_MS);
  afterAll(async () => {
    await gateway.stop();
    await stopAllProcesses();
  }, STARTING_MS);

  const order = (more: object): object => ({ accountId, region: 'ap-guangzhou', imageName: 'myImage', ...more });

  const post = async (body: unknown, headers?: Record<string, string>) =>
    tenant.api.call<Problem>('POST', '/v1/image-requests', body, headers);

  const enqueued = async (): Promise<number> => {
    const { rows } = await sql<{ count: number }>`
      select (select count(*) from image_requests) + (select count(*) from events) as count
    `.execute(gateway.database.postgres.db);
    return rows[0]?.count ?? -1;
  };

  it.each([
    ['with neither an instance nor snapshots', {}, [['/instanceId', 'required']]],
    ['with both', { ...INSTANCE, snapshotIds: ['snap-3scgxvxn'] }, [['/snapshotIds', 'conflict']]],
    [
      'with data disks of no instance',
      { snapshotIds: ['snap-3scgxvxn'], dataDiskIds: ['disk-q2r7k6hk'] },
      [['/dataDiskIds', 'conflict']],
    ],
    [
      'that shuts down no instance',
      { snapshotIds: ['snap-3scgxvxn'], forcePoweroff: true, sysprep: true },
      [
        ['/forcePoweroff', 'conflict'],
        ['/sysprep', 'conflict'],
      ],
    ],
    [
      'that names a disk twice',
      { ...INSTANCE, dataDiskIds: ['disk-q2r7k6hk', 'disk-q2r7k6hk'] },
      [['/dataDiskIds/1', 'duplicate']],
    ],
    [
      'that names a snapshot twice',
      { snapshotIds: ['snap-3scgxvxn', 'snap-aaaaaaaa', 'snap-3scgxvxn'] },
      [['/snapshotIds/2', 'duplicate']],
    ],
    ['with an empty list', { ...INSTANCE, dataDiskIds: [] }, [['/dataDiskIds', 'too_few']]],
    [
      'with ids of another form',
      { instanceId: 'INS-1', dataDiskIds: ['disk-q2r7k6hk', 'snap-3scgxvxn'] },
      [
        ['/instanceId', 'malformed'],
        ['/dataDiskIds/1', 'malformed'],
      ],
    ],
    ['with a name of 61 characters', { ...INSTANCE, imageName: '𝔞'.repeat(61) }, [['/imageName', 'too_long']]],
    ['with a blank name', { ...INSTANCE, imageName: ' \u3000 ' }, [['/imageName', 'blank']]],
    [
      'with a control character in its name',
      { ...INSTANCE, imageName: 'my\u0007Image' },
      [['/imageName', 'control_character']],
    ],
    [
      'with a character that no database keeps',
      { ...INSTANCE, imageDescription: 'a\u0000b', metadata: { a: '\ud800' } },
      [
        ['/imageDescription', 'malformed_text'],
        ['/metadata/a', 'malformed_text'],
      ],
    ],
    ['for an unknown region', { ...INSTANCE, region: 'mars-north' }, [['/region', 'unknown_region']]],
    [
      'with unknown fields',
      { ...INSTANCE, colour: 'red', tags: [{ key: 'a', value: 'b', more: 1 }] },
      [
        ['/colour', 'unknown_field'],
        ['/tags/0/more', 'unknown_field'],
      ],
    ],
    [
      'with values of other types',
      { instanceId: 5, imageName: ['x'], dryRun: 'true', priority: '5', tags: {}, metadata: [] },
      [
        ['/instanceId', 'wrong_type'],
        ['/imageName', 'wrong_type'],
        ['/dryRun', 'wrong_type'],
        ['/priority', 'wrong_type'],
        ['/tags', 'wrong_type'],
        ['/metadata', 'wrong_type'],
      ],
    ],
    [
      'with tags that the cloud refuses',
      { ...INSTANCE, tags: [{ key: 'a', value: '1' }, { key: 'a', value: '2' }, { key: 'qcs:x', value: ' y' }, 'z'] },
      [
        ['/tags/1/key', 'duplicate'],
        ['/tags/2/key', 'reserved'],
        ['/tags/2/value', 'malformed'],
        ['/tags/3', 'wrong_type'],
      ],
    ],
    [
      'with too much metadata',
      { ...INSTANCE, metadata: { [`${'k'.repeat(41)}`]: 'v', 'a/b': 'v'.repeat(501), n: 1 } },
      [
        [`/metadata/${'k'.repeat(41)}`, 'too_long'],
        ['/metadata/a~1b', 'too_long'],
        ['/metadata/n', 'wrong_type'],
      ],
    ],
    [
      'with a number or a time off its range',
      { ...INSTANCE, priority: 10, startDeadline: '2026-02-30T00:00:00Z' },
      [
        ['/priority', 'too_large'],
        ['/startDeadline', 'malformed'],
      ],
    ],
    [
      'with nothing in it',
      { accountId: undefined, region: undefined, imageName: undefined },
      [
        ['/accountId', 'required'],
        ['/imageName', 'required'],
        ['/instanceId', 'required'],
        ['/region', 'required'],
      ],
    ],
  ] as const)('%s is refused with every fault, and enqueues nothing', async (_what, more, faults) => {
    const before = await enqueued();
    const { status, body, headers } = await post(order(more));

    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_input' });
    expect(new Set(body.errors.map(({ pointer, code }) => `${pointer} ${code}`))).toEqual(
      new Set(faults.map((fault) => fault.join(' '))),
    );
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(await enqueued()).toBe(before);
  });

  it.each([
    ['malformed JSON', '{"accountId": ', 400, 'malformed_json'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]).toString('latin1'), 400, 'malformed_json'],
    ['a prototype of its own', '{"__proto__": {"dryRun": true}}', 400, 'malformed_json'],
    ['a class of its own', '{"constructor": {"name": "x"}}', 400, 'invalid_input'],
    ['a list', '[]', 400, 'invalid_input'],
    ['null', 'null', 400, 'invalid_input'],
    ['no body', '', 400, 'invalid_input'],
    ['nesting without end', `{"metadata": ${'['.repeat(400_000)}${']'.repeat(400_000)}}`, 400, 'invalid_input'],
    ['more than 1 MiB', `{"imageDescription": "${'x'.repeat(1024 * 1024)}"}`, 413, 'body_too_large'],
  ])('of %s is refused, and enqueues nothing', async (_what, body, status, code) => {
    const before = await enqueued();
    const answer = await post(body);

    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(await enqueued()).toBe(before);
  });

  it('with names of a query that reach for what every object shares is refused, and harms nobody', async () => {
    const reader = new ApiClient(gateway.url, (await gateway.createTenant(['images:read'])).key);
    for (const name of ['__proto__.limit', 'constructor.keys', 'toString.call', 'hasOwnProperty', '__proto__']) {
      const answer = await reader.call<Problem>('GET', `/v1/image-requests?${encodeURIComponent(name)}=1`);
      expect({ name, status: answer.status, code: answer.body.code }).toEqual({
        name,
        status: 400,
        code: 'invalid_input',
      });
    }
    expect((await reader.call('GET', '/v1/image-requests')).status).toBe(200);
    expect((await reader.call('GET', '/v1/me')).status).toBe(200);
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
  });

  it('of another content type is refused', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      const answer = await post(JSON.stringify(order(INSTANCE)), { 'content-type': type });
      expect({ status: answer.status, code: answer.body.code }).toEqual({
        status: 415,
        code: 'unsupported_media_type',
      });
    }
  });

  it('for a foreign, an unknown or a malformed account is answered in the same words', async () => {
    const other = await gateway.createTenant(SCOPES);
    const foreign = await createAccount(other.api, gateway.simulator);
    const before = await enqueued();

    for (const unknown of [foreign.id, newId('acc'), 'acc_nonsense', '']) {
      const answer = await post(order({ ...INSTANCE, accountId: unknown }));
      expect(answer.body).toMatchObject({
        status: 404,
        code: 'not_found',
        detail: 'There is no such account.',
        errors: [{ pointer: '/accountId', code: 'not_found' }],
      });
    }
    expect(await enqueued()).toBe(before);
  });

  it('without a key, with a bad one or without the scope is not even read', async () => {
    const reader = await gateway.createTenant(['images:read']);
    const before = await enqueued();
    const answers = await Promise.all(
      [null, 'nonsense', reader.key].map((key) =>
        new ApiClient(gateway.url, key).call<Problem>('POST', '/v1/image-requests', order(INSTANCE)),
      ),
    );

    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
      [401, 'missing_api_key'],
      [401, 'invalid_api_key'],
      [403, 'insufficient_scope'],
    ]);
    expect(await enqueued()).toBe(before);
  });

  it('never repeats what was sent', async () => {
    const secret = 'hunter2-hunter2';
    const { body } = await post(order({ instanceId: secret, region: secret, priority: secret, startDeadline: secret }));

    expect(JSON.stringify(body)).not.toContain(secret);
  });
});
