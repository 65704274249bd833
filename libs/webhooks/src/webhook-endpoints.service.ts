import type { AccountStore } from '#libs/accounts';
import type { AuditStore } from '#libs/audit';
import type { Clock } from '#libs/clock';
import { InvalidInput, NotFound } from '#libs/errors';
import { newId } from '#libs/ids';
import type { AccountId, TenantId, WebhookEndpointId } from '#libs/ids';
import type { Postgres, Tx } from '#libs/postgres';
import type { Secret } from '#libs/secret';
import type { Caller } from '#libs/tenants';
import type { EndpointSecrets } from './endpoint-secrets.js';
import type { EndpointTraffic } from './endpoint-traffic.js';
import {
  type EndpointChange,
  type NewWebhookEndpoint,
  orderedSchemes,
  type WebhookEndpoint,
} from './webhook-endpoint.js';
import type { EndpointPage, WebhookEndpointStore } from './webhook-endpoint.store.js';
import { endpointEntry } from './webhook-endpoint.audit.js';
import type { WebhookUrlGuard } from './webhook-url.js';

/** What a tenant does with its endpoints. Another tenant's endpoint is as if it were not there. */
export class WebhookEndpoints {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: WebhookEndpointStore,
    private readonly traffic: EndpointTraffic,
    private readonly accounts: AccountStore,
    private readonly secrets: EndpointSecrets,
    private readonly urlGuard: WebhookUrlGuard,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
  ) {}

  /** The only answer that carries the secret. Throws `WebhookUrlForbidden`, and `InvalidInput` for accounts that it can't name. */
  async create(
    caller: Caller,
    order: NewWebhookEndpoint,
  ): Promise<{ readonly endpoint: WebhookEndpoint; readonly secret: Secret }> {
    const url = await this.urlGuard.check(order.url);
    const at = this.clock.now();
    const endpoint: WebhookEndpoint = {
      id: newId('whe'),
      tenantId: caller.tenantId,
      url,
      eventTypes: order.eventTypes ?? null,
      accountIds: order.accountIds ?? null,
      description: order.description ?? null,
      status: 'enabled',
      signatureSchemes: orderedSchemes(order.signatureSchemes),
      createdAt: at,
      updatedAt: at,
    };
    return this.postgres.asTenant(caller.tenantId, async (tx) => {
      await this.refuseUnknownAccounts(tx, caller, endpoint.accountIds);
      await this.store.insert(tx, endpoint);
      await this.traffic.open(tx, endpoint);
      const secret = await this.secrets.mint(tx, endpoint, at);
      const { eventTypes, accountIds, signatureSchemes } = endpoint;
      const detail = { host: new URL(url).host, eventTypes, accountIds, signatureSchemes };
      await this.audit.append(tx, endpointEntry(caller, 'webhook_endpoint.create', endpoint.id, detail), at);
      return { endpoint, secret };
    });
  }

  async get(tenantId: TenantId, id: WebhookEndpointId): Promise<WebhookEndpoint> {
    return found(await this.postgres.asTenant(tenantId, (tx) => this.store.find(tx, tenantId, id)));
  }

  /** Newest first. */
  async list(tenantId: TenantId, page: EndpointPage): Promise<readonly WebhookEndpoint[]> {
    return this.postgres.asTenant(tenantId, (tx) => this.store.list(tx, tenantId, page));
  }

  /**
   * Disabling ends what waits to be delivered. Enabling brings back what was missed of a request when its next event comes,
   * and nothing else before a replay. Another URL, like enabling, forgets how the endpoint has failed so far.
   */
  async patch(caller: Caller, id: WebhookEndpointId, change: EndpointChange): Promise<WebhookEndpoint> {
    await this.get(caller.tenantId, id);
    const url = change.url === undefined ? undefined : await this.urlGuard.check(change.url);
    const at = this.clock.now();
    return this.postgres.asTenant(caller.tenantId, async (tx) => {
      const endpoint = found(await this.store.findForUpdate(tx, caller.tenantId, id));
      await this.refuseUnknownAccounts(tx, caller, change.accountIds ?? null, endpoint.accountIds ?? []);
      const changed = changedBy(endpoint, { ...change, ...(url === undefined ? {} : { url }) }, at);
      await this.store.update(tx, changed);
      if (endpoint.status === 'enabled' && changed.status === 'disabled')
        await this.traffic.halt(tx, endpoint, 'endpoint_disabled');
      if (changed.status === 'enabled' && (endpoint.status === 'disabled' || endpoint.url !== changed.url))
        await this.traffic.resume(tx, endpoint);
      const detail = { changed: fieldsIn(change), host: new URL(changed.url).host, status: changed.status };
      await this.audit.append(tx, endpointEntry(caller, 'webhook_endpoint.update', id, detail), at);
      return changed;
    });
  }

  /**
   * The only answer that carries the new secret. It signs from now on; those before it sign beside it for the overlap and
   * are destroyed then, which is at once where there is none. Two at once make two secrets, and both are good.
   */
  async rotateSecret(caller: Caller, id: WebhookEndpointId, overlapSeconds: number): Promise<Secret> {
    return this.postgres.asTenant(caller.tenantId, async (tx) => {
      const endpoint = found(await this.store.findForUpdate(tx, caller.tenantId, id));
      const at = this.clock.now();
      const { secret, version } = await this.secrets.rotate(tx, endpoint, overlapSeconds * 1000, at);
      await this.audit.append(
        tx,
        endpointEntry(caller, 'webhook_endpoint.rotate_secret', id, { version, overlapSeconds }),
        at,
      );
      return secret;
    });
  }

  /** Its secret is destroyed at once; what waits to be delivered to it ends. */
  async delete(caller: Caller, id: WebhookEndpointId): Promise<void> {
    const at = this.clock.now();
    await this.postgres.asTenant(caller.tenantId, async (tx) => {
      const endpoint = found(await this.store.findForUpdate(tx, caller.tenantId, id));
      await this.store.markDeleted(tx, endpoint, at);
      await this.secrets.destroy(tx, endpoint);
      await this.traffic.halt(tx, endpoint, 'endpoint_deleted');
      const detail = { host: new URL(endpoint.url).host };
      await this.audit.append(tx, endpointEntry(caller, 'webhook_endpoint.delete', id, detail), at);
    });
  }

  /**
   * An endpoint that waits for the events of an account that is not there would stay silent, and nobody would know why.
   * Those that it named before are let pass: they may have been deleted since.
   */
  private async refuseUnknownAccounts(
    tx: Tx,
    { tenantId }: Caller,
    accountIds: readonly AccountId[] | null,
    named: readonly AccountId[] = [],
  ): Promise<void> {
    if (accountIds === null) return;
    const known = await this.accounts.findMany(tx, tenantId, accountIds);
    const faults = accountIds.flatMap((id, index) =>
      known.has(id) || named.includes(id)
        ? []
        : [{ pointer: `/accountIds/${index}`, code: 'not_found', detail: 'names no account of this tenant' }],
    );
    if (faults.length > 0) throw new InvalidInput(faults);
  }
}

function found(endpoint: WebhookEndpoint | undefined): WebhookEndpoint {
  if (endpoint === undefined) throw new NotFound('webhook endpoint');
  return endpoint;
}

function changedBy(endpoint: WebhookEndpoint, change: EndpointChange, at: Date): WebhookEndpoint {
  return {
    ...endpoint,
    url: change.url ?? endpoint.url,
    eventTypes: change.eventTypes === undefined ? endpoint.eventTypes : change.eventTypes,
    accountIds: change.accountIds === undefined ? endpoint.accountIds : change.accountIds,
    description: change.description === undefined ? endpoint.description : change.description,
    status: change.status ?? endpoint.status,
    signatureSchemes: orderedSchemes(change.signatureSchemes ?? endpoint.signatureSchemes),
    updatedAt: at,
  };
}

function fieldsIn(change: EndpointChange): readonly string[] {
  return Object.entries(change)
    .filter(([, value]) => value !== undefined)
    .map(([field]) => field)
    .sort();
}
