import type { AccountStore } from '#libs/accounts';
import type { AuditStore } from '#libs/audit';
import type { Clock } from '#libs/clock';
import type { EventFeed, Outbox } from '#libs/events';
import type { Log } from '#libs/logging';
import type { Postgres, SystemPostgres } from '#libs/postgres';
import type { Queues } from '#libs/queues';
import type { Sealer } from '#libs/sealing';
import { Deliveries } from './deliveries.service.js';
import { DeliveryCourier } from './delivery-courier.js';
import { DeliveryPlanner } from './delivery-planner.js';
import { DeliveryQueue } from './delivery-queue.js';
import { DeliverySettler } from './delivery-settler.js';
import { DueDeliveries } from './due-deliveries.js';
import { EndpointDisabler } from './endpoint-disabler.js';
import { EndpointSecrets } from './endpoint-secrets.js';
import { EndpointSigner } from './endpoint-signer.js';
import { parseCidrs } from './may-dial.js';
import { SigningKeyStore } from './signing-key.store.js';
import { SigningKeys } from './signing-keys.service.js';
import { SpentSecrets } from './spent-secrets.js';
import { WebhookDeliveries } from './webhook-deliveries.service.js';
import { WebhookDeliveryStore } from './webhook-delivery.store.js';
import { WebhookEndpointStore } from './webhook-endpoint.store.js';
import { WebhookEndpoints } from './webhook-endpoints.service.js';
import { WebhookSecretStore } from './webhook-secret.store.js';
import { WebhookSender } from './webhook-sender.js';
import { type DialPolicy, type Resolve, resolveBySystem, WebhookUrlGuard } from './webhook-url.js';

/** Which addresses webhooks may call, as the environment says it. */
export interface WebhookAddressSettings {
  readonly webhookAllowedCidrs: readonly string[];
  readonly webhookAllowHttp: boolean;
}

export interface WebhookDeliverySettings extends WebhookAddressSettings {
  readonly webhookRetryScheduleMs: readonly number[];
  readonly webhookTimeoutMs: number;
}

interface Ground {
  readonly postgres: Postgres;
  readonly sealer: Sealer;
  readonly outbox: Outbox;
  readonly audit: AuditStore;
  readonly clock: Clock;
  /** The system's own unless a test has names of its own. */
  readonly resolve?: Resolve;
}

export interface TenantSideParts extends Ground {
  readonly accounts: AccountStore;
  readonly settings: WebhookAddressSettings;
}

export interface DeliverySideParts extends Ground {
  readonly postgres: SystemPostgres;
  readonly queues: Queues;
  readonly events: EventFeed;
  readonly log: Log;
  readonly settings: WebhookDeliverySettings;
}

/** What the gateway needs: endpoints, the view of their deliveries, and the keys to verify with. Throws when the settings name a bad range. */
export function assembleTenantSide(parts: TenantSideParts): {
  readonly endpoints: WebhookEndpoints;
  readonly deliveries: WebhookDeliveries;
  readonly signingKeys: SigningKeys;
} {
  const { postgres, accounts, sealer, outbox, audit, clock } = parts;
  const endpointStore = new WebhookEndpointStore();
  const deliveryStore = new WebhookDeliveryStore();
  const secrets = new EndpointSecrets(new WebhookSecretStore(), sealer);
  const urlGuard = new WebhookUrlGuard(dialPolicy(parts.settings), parts.resolve ?? resolveBySystem);
  return {
    endpoints: new WebhookEndpoints(postgres, endpointStore, deliveryStore, accounts, secrets, urlGuard, audit, clock),
    deliveries: new WebhookDeliveries(postgres, endpointStore, deliveryStore, outbox, audit, clock),
    signingKeys: new SigningKeys(postgres, new SigningKeyStore(), sealer, audit, clock),
  };
}

/** What the worker needs: the planner for the relay, the attempts, the sweeps, and the sender, which it closes last. */
export function assembleDeliverySide(parts: DeliverySideParts): {
  readonly planner: DeliveryPlanner;
  readonly deliveries: Deliveries;
  readonly dueDeliveries: DueDeliveries;
  readonly spentSecrets: SpentSecrets;
  readonly sender: WebhookSender;
} {
  const { postgres, sealer, outbox, audit, clock, queues, log, settings } = parts;
  const endpoints = new WebhookEndpointStore();
  const store = new WebhookDeliveryStore();
  const [secretStore, keyStore] = [new WebhookSecretStore(), new SigningKeyStore()];
  const signingKeys = new SigningKeys(postgres, keyStore, sealer, audit, clock);
  const signer = new EndpointSigner(postgres, new EndpointSecrets(secretStore, sealer), signingKeys, log);
  const queue = new DeliveryQueue(postgres, queues);
  const timeoutMs = settings.webhookTimeoutMs;
  const sender = new WebhookSender({ policy: dialPolicy(settings), timeoutMs }, parts.resolve ?? resolveBySystem);
  const courier = new DeliveryCourier(parts.events, signer, sender, clock);
  const disabler = new EndpointDisabler(endpoints, store, outbox, audit);
  const settler = new DeliverySettler(postgres, store, disabler, queue);
  const schedule = { stepsMs: settings.webhookRetryScheduleMs, random: Math.random };
  return {
    planner: new DeliveryPlanner(endpoints, store, queue, clock),
    deliveries: new Deliveries(postgres, store, endpoints, courier, settler, clock, log, { schedule, timeoutMs }),
    dueDeliveries: new DueDeliveries(postgres, store, queues, clock),
    spentSecrets: new SpentSecrets(postgres, secretStore, keyStore, clock),
    sender,
  };
}

function dialPolicy(settings: WebhookAddressSettings): DialPolicy {
  return { allowed: parseCidrs(settings.webhookAllowedCidrs), allowHttp: settings.webhookAllowHttp };
}
