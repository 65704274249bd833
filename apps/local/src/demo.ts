import { randomBytes, randomInt } from 'node:crypto';
import { KeptFile } from './kept-file.js';
import { ServiceClient } from './service-client.js';

/** The cloud's side of the demo account: whom the simulator knows. */
export interface SubAccount {
  readonly uin: string;
  readonly userId: string;
  readonly secretId: string;
  readonly secretKey: string;
}

/** What was made on the first run and is used again on every later one. */
export interface Demo {
  readonly tenantId: string;
  readonly apiKey: string;
  readonly accountId: string;
  readonly webhookEndpointId: string;
  readonly webhookSecret: string;
}

interface WebhookEndpoint {
  readonly id: string;
  readonly url: string;
  readonly status: string;
  readonly secret?: string;
}

const SCOPES = [
  'images:read',
  'images:write',
  'accounts:read',
  'accounts:write',
  'webhooks:read',
  'webhooks:write',
  'audit:read',
  'keys:write',
];

/** The same identity on every run, although the simulator itself forgets: the service ties an account to it for good. */
export function demoSubAccount(directory: string): Promise<SubAccount> {
  return keptSubAccount(directory, 'sub-account.json');
}

/** The service's own identity, which a role made at the simulator can trust. */
export function platformSubAccount(directory: string): Promise<SubAccount> {
  return keptSubAccount(directory, 'platform-account.json');
}

async function keptSubAccount(directory: string, name: string): Promise<SubAccount> {
  const file = new KeptFile<SubAccount>(directory, name);
  return (
    (await file.read()) ??
    file.write({
      uin: `1000${randomInt(10_000_000, 99_999_999)}`,
      userId: `2000${randomInt(10_000_000, 99_999_999)}`,
      secretId: `AKID${randomBytes(24).toString('base64url').replaceAll(/[-_]/g, 'x')}`,
      secretKey: randomBytes(24).toString('base64url').replaceAll(/[-_]/g, 'x'),
    })
  );
}

/** As the last run left it, so that deliveries still under way from then can be verified from the first moment. */
export async function keptDemo(directory: string): Promise<Partial<Demo>> {
  return (await demoFile(directory).read()) ?? {};
}

function demoFile(directory: string): KeptFile<Partial<Demo>> {
  return new KeptFile(directory, 'demo.json');
}

/** Makes whatever of the demo is missing, over the service's own API; what is still there is used again. */
export class DemoSetup {
  private readonly file: KeptFile<Partial<Demo>>;
  private readonly admin: ServiceClient;

  constructor(
    directory: string,
    private readonly serviceUrl: string,
    adminKey: string,
  ) {
    this.file = demoFile(directory);
    this.admin = new ServiceClient(serviceUrl, adminKey);
  }

  async ensure(subAccount: SubAccount, receiverUrl: string): Promise<Demo> {
    const kept = (await this.file.read()) ?? {};
    const { tenantId, apiKey } = await this.ensureTenant(kept);
    // The key is shown once: it is kept before anything that may yet fail.
    await this.file.write({ ...kept, tenantId, apiKey });
    const tenant = new ServiceClient(this.serviceUrl, apiKey);
    const accountId = await this.ensureAccount(tenant, kept, subAccount);
    const endpoint = await this.ensureWebhookEndpoint(tenant, kept, receiverUrl);
    const demo = { tenantId, apiKey, accountId, ...endpoint };
    await this.file.write(demo);
    return demo;
  }

  private async ensureTenant(kept: Partial<Demo>): Promise<Pick<Demo, 'tenantId' | 'apiKey'>> {
    const { tenantId, apiKey } = kept;
    if (tenantId && apiKey && (await new ServiceClient(this.serviceUrl, apiKey).find('/v1/me'))) {
      return { tenantId, apiKey };
    }
    const found = tenantId && (await this.admin.find<{ id: string }>(`/v1/tenants/${tenantId}`));
    const tenant = found || (await this.admin.post<{ id: string }>('/v1/tenants', { name: 'Demo' }));
    const created = await this.admin.post<{ key: string }>(`/v1/tenants/${tenant.id}/api-keys`, {
      name: 'Demo key',
      scopes: SCOPES,
    });
    return { tenantId: tenant.id, apiKey: created.key };
  }

  private async ensureAccount(tenant: ServiceClient, kept: Partial<Demo>, subAccount: SubAccount): Promise<string> {
    if (kept.accountId && (await tenant.find(`/v1/accounts/${kept.accountId}`))) return kept.accountId;
    const { secretId, secretKey } = subAccount;
    const account = await tenant.post<{ id: string }>('/v1/accounts', {
      name: 'Demo account',
      credential: { type: 'static', secretId, secretKey },
    });
    return account.id;
  }

  /** The receiver may have had to step to another port since. */
  private async ensureWebhookEndpoint(
    tenant: ServiceClient,
    kept: Partial<Demo>,
    url: string,
  ): Promise<Pick<Demo, 'webhookEndpointId' | 'webhookSecret'>> {
    const { webhookEndpointId, webhookSecret } = kept;
    if (webhookEndpointId && webhookSecret) {
      const path = `/v1/webhook-endpoints/${webhookEndpointId}`;
      const found = await tenant.find<WebhookEndpoint>(path);
      if (found && (found.url !== url || found.status !== 'enabled'))
        await tenant.patch(path, { url, status: 'enabled' });
      if (found) return { webhookEndpointId, webhookSecret };
    }
    const created = await tenant.post<WebhookEndpoint>('/v1/webhook-endpoints', {
      url,
      description: 'The receiver of npm start',
    });
    if (!created.secret) throw new Error('the new webhook endpoint came without its secret');
    return { webhookEndpointId: created.id, webhookSecret: created.secret };
  }
}
