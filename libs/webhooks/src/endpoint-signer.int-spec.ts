import { sql } from 'kysely';
import { Log, type LogLine } from '#libs/logging';
import type { Caller } from '#libs/tenants';
import { type Receiver, waitFor } from '#libs/testing';
import { signaturesOf, takenBySecret } from '../../../test/support/verified-by.js';
import { WebhookStack } from '../../../test/support/webhook-stack.js';
import { ATTEMPTS_AT_ONCE_MAX } from './endpoint-health.js';
import type { WebhookEndpoint } from './webhook-endpoint.js';

const STREAM = 160;
const DAY_SECONDS = 86_400;
const DAY_MS = DAY_SECONDS * 1000;

/** Keeps what someone would have to look into. */
class FaultLog extends Log {
  readonly faults: LogLine[] = [];
  debug(): void {}
  info(): void {}
  warn(): void {}
  error(line: LogLine): void {
    this.faults.push(line);
  }
}

describe('EndpointSigner', () => {
  const log = new FaultLog();
  let stack: WebhookStack;
  let caller: Caller;
  let receiver: Receiver;
  let endpoint: WebhookEndpoint;
  let first: string;

  beforeAll(async () => {
    stack = await WebhookStack.start({ redisDatabase: 15, log });
  });

  beforeEach(async () => {
    await stack.reset();
    log.faults.length = 0;
    caller = await stack.newCaller();
    receiver = await stack.receiver();
    const made = await stack.endpointAt(caller, receiver.url);
    [endpoint, first] = [made.endpoint, made.secret.reveal()];
  });

  afterAll(() => stack.stop());

  async function rotate(overlapSeconds = DAY_SECONDS): Promise<string> {
    return (await stack.tenantSide.endpoints.rotateSecret(caller, endpoint.id, overlapSeconds)).reveal();
  }

  /** Which of the secrets a delivery that is sent now satisfies. */
  async function takenBy(...secrets: readonly string[]): Promise<readonly boolean[]> {
    await stack.happen(caller, 'ireq_1');
    await stack.dispatch({ endpoint });
    const request = receiver.requests.at(-1);
    if (request === undefined) throw new Error('nothing was sent');
    return secrets.map((secret) => takenBySecret(secret, request));
  }

  async function versions(): Promise<readonly number[]> {
    const { rows } = await sql<{ version: number }>`
      select version from webhook_secrets where endpoint_id = ${endpoint.id} order by version
    `.execute(stack.database.postgres.db);
    return rows.map(({ version }) => version);
  }

  describe('with a secret that is rotated', () => {
    it('signs by both for a day, to the millisecond, though the row is still there then', async () => {
      expect(await takenBy(first)).toEqual([true]);
      const second = await rotate();
      expect(await takenBy(first, second)).toEqual([true, true]);

      stack.clock.advance(DAY_MS - 1);
      expect(await takenBy(first, second)).toEqual([true, true]);
      stack.clock.advance(1);
      expect(await takenBy(first, second)).toEqual([false, true]);
      expect(await versions()).toEqual([1, 2]);
    });

    it('puts the new one first', async () => {
      const second = await rotate();
      await takenBy(second);
      const [newest] = String(receiver.requests.at(-1)?.headers['webhook-signature']).split(' ');
      const { headers, body } = receiver.requests.at(-1)!;
      const alone = { headers: { ...headers, 'webhook-signature': newest }, body };

      expect([takenBySecret(second, alone), takenBySecret(first, alone)]).toEqual([true, false]);
    });

    it('has it destroyed by the sweep at its end and not before, without another rotation or delivery', async () => {
      const { spentSecrets } = stack.deliverySide;
      await rotate();
      stack.clock.advance(DAY_MS - 1);
      await spentSecrets.destroy();
      expect(await versions()).toEqual([1, 2]);
      stack.clock.advance(1);
      await Promise.all([spentSecrets.destroy(), spentSecrets.destroy()]);

      expect(await versions()).toEqual([2]);
    });

    it('ends it at once when the caller wants no overlap, and those before it too', async () => {
      const second = await rotate();
      const third = await rotate(0);

      expect(await takenBy(first, second, third)).toEqual([false, false, true]);
      expect(await versions()).toEqual([3]);
    });

    it('gives it no more time by a later rotation', async () => {
      const second = await rotate(60);
      const third = await rotate(DAY_SECONDS);
      stack.clock.advance(60_000);

      expect(await takenBy(first, second, third)).toEqual([false, true, true]);
    });

    it('signs by three at most: of more the oldest is destroyed', async () => {
      const [second, third, fourth] = [await rotate(), await rotate(), await rotate()];

      expect(await takenBy(first, second, third, fourth)).toEqual([false, true, true, true]);
      expect(await versions()).toEqual([2, 3, 4]);
    });

    it('loses no rotation to another at the same moment: each shown secret signs', async () => {
      const [one, other] = await Promise.all([rotate(), rotate()]);

      expect(one).not.toBe(other);
      expect(await takenBy(first, one, other)).toEqual([true, true, true]);
      expect(await versions()).toEqual([1, 2, 3]);
    });

    it('satisfies the old one with every delivery of a stream, and the new one with all that are sent once it is known', async () => {
      await stack.happenMany(caller, STREAM);
      const dispatch = stack.dispatch({ endpoint });
      await waitFor(() => receiver.requests.length >= 8, { intervalMs: 1 });
      const second = await rotate();
      // What is on its way by now was signed before.
      const known = receiver.requests.length + ATTEMPTS_AT_ONCE_MAX;
      await dispatch;

      expect(receiver.requests).toHaveLength(STREAM);
      expect(receiver.requests.filter((request) => !takenBySecret(first, request))).toEqual([]);
      expect(receiver.requests.slice(known).filter((request) => !takenBySecret(second, request))).toEqual([]);
      expect(known).toBeLessThan(STREAM);
    });

    it('sends what the new one signs when the box of the old one does not open, and tells of it', async () => {
      const second = await rotate();
      await sql`update webhook_secrets set master_key_id = 'lost' where endpoint_id = ${endpoint.id} and version = 1`.execute(
        stack.database.postgres.db,
      );

      expect(await takenBy(first, second)).toEqual([false, true]);
      expect(log.faults).toMatchObject([
        { event: 'webhook_secret.not_opened', endpointId: endpoint.id, version: 1, missingKeyId: 'lost' },
      ]);
      expect(JSON.stringify(log.faults)).not.toContain(second);
    });

    it('signs by the old one to its end when the box of the new one does not open, and tells of it', async () => {
      const second = await rotate();
      await sql`update webhook_secrets set box = '{}' where endpoint_id = ${endpoint.id} and version = 2`.execute(
        stack.database.postgres.db,
      );

      expect(await takenBy(first, second)).toEqual([true, false]);
      expect(log.faults).toMatchObject([{ event: 'webhook_secret.not_opened', version: 2, missingKeyId: null }]);
      stack.clock.advance(DAY_MS);
      const sent = receiver.requests.length;
      await stack.happen(caller, 'ireq_2');
      expect(await stack.dispatch({ endpoint })).toMatchObject({ nextAt: expect.any(Date) as Date });
      expect(receiver.requests).toHaveLength(sent);
    });

    it('has the version and the overlap on record, and never the secret', async () => {
      const second = await rotate(60);
      const entries = await stack.audit.list(
        stack.database.postgres.db,
        { tenantId: caller.tenantId, accountId: null },
        { action: 'webhook_endpoint.rotate_secret' },
        { afterPosition: 0, limit: 10 },
      );

      expect(entries).toMatchObject([
        {
          actor: caller.actor,
          target: { type: 'webhook_endpoint', id: endpoint.id },
          detail: { version: 2, overlapSeconds: 60 },
        },
      ]);
      expect(JSON.stringify(entries)).not.toContain(second.slice('whsec_'.length));
    });

    it('destroys all versions with their endpoint, and rotates none for another tenant', async () => {
      await rotate();
      const stranger = await stack.newCaller();
      const { endpoints } = stack.tenantSide;
      await expect(endpoints.rotateSecret(stranger, endpoint.id, 0)).rejects.toMatchObject({ code: 'not_found' });
      expect(await versions()).toEqual([1, 2]);
      await endpoints.delete(caller, endpoint.id);

      expect(await versions()).toEqual([]);
      await expect(endpoints.rotateSecret(caller, endpoint.id, 0)).rejects.toMatchObject({ code: 'not_found' });
    });
  });

  describe('by the schemes of an endpoint', () => {
    it('takes v1 alone unless it asks for more, and always in the order of the header', async () => {
      const { endpoints } = stack.tenantSide;
      const { endpoint } = await stack.endpointAt(caller, 'http://127.0.0.1:8999/');
      expect(endpoint.signatureSchemes).toEqual(['v1']);
      expect(
        await endpoints.patch(caller, endpoint.id, { signatureSchemes: ['v1a', 'v1'], description: 'both' }),
      ).toMatchObject({ signatureSchemes: ['v1', 'v1a'] });
      expect(await endpoints.patch(caller, endpoint.id, { description: null })).toMatchObject({
        signatureSchemes: ['v1', 'v1a'],
      });
      expect((await endpoints.patch(caller, endpoint.id, { signatureSchemes: ['v1'] })).signatureSchemes).toEqual([
        'v1',
      ]);
      expect((await endpoints.get(caller.tenantId, endpoint.id)).signatureSchemes).toEqual(['v1']);
    });

    it('signs by every secret and by the key, from the change on', async () => {
      const { endpoints } = stack.tenantSide;
      const { url, requests } = await stack.receiver();
      const { endpoint, secret } = await stack.endpointAt(caller, url, { signatureSchemes: ['v1', 'v1a'] });
      const rotated = await endpoints.rotateSecret(caller, endpoint.id, 60);
      const send = async () => {
        await stack.happen(caller, 'ireq_1');
        await stack.dispatch({ endpoint });
        const request = requests.at(-1)!;
        return { request, signed: (['v1', 'v1a'] as const).map((scheme) => signaturesOf(request, scheme).length) };
      };
      const { request, signed } = await send();

      expect(signed).toEqual([2, 1]);
      for (const one of [secret, rotated]) expect(takenBySecret(one.reveal(), request)).toBe(true);
      await endpoints.patch(caller, endpoint.id, { signatureSchemes: ['v1'] });
      expect((await send()).signed).toEqual([2, 0]);
    });

    it('leaves out v1a where the key of the service does not open, so that nobody waits for it who has the secret', async () => {
      const { url, requests } = await stack.receiver();
      const made = await stack.endpointAt(caller, url, { signatureSchemes: ['v1', 'v1a'] });
      await stack.tenantSide.signingKeys.published();
      const { db } = stack.database.postgres;
      await sql`update webhook_signing_keys set master_key_id = 'lost'`.execute(db);
      await stack.happen(caller, 'ireq_1');

      expect(await stack.dispatch(made)).toEqual({ kind: 'drained', nextAt: null });
      expect(signaturesOf(requests[0]!, 'v1a')).toEqual([]);
      expect(takenBySecret(made.secret.reveal(), requests[0]!)).toBe(true);
      await sql`update webhook_signing_keys set master_key_id = 'k'`.execute(db);
    });
  });
});
