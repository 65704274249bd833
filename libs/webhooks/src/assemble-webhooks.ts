import type { AccountStore } from '#libs/accounts';
import type { AuditStore } from '#libs/audit';
import type { Clock } from '#libs/clock';
import type { EventFeed, Outbox } from '#libs/events';
import type { Log } from '#libs/logging';
import type { Postgres, SystemPostgres } from '#libs/postgres';
import type { Queues } from '#libs/queues';
import type { Hints } from '#libs/redis';
import type { Sealer } from '#libs/sealing';
import { DeliveryCourier } from './delivery-courier.js';
import { DeliveryLog } from './delivery-log.js';
import { DeliveryPlanner } from './delivery-planner.js';
import { EndpointCalls } from './endpoint-calls.js';
import { DeliverySettler } from './delivery-settler.js';
import { DispatchLeases } from './dispatch-leases.js';
import { DueDeliveryStore } from './due-delivery.store.js';
import { EndpointDisabler } from './endpoint-disabler.js';
import { type DispatcherLimits, EndpointDispatcher } from './endpoint-dispatcher.js';
import { EndpointSecrets } from './endpoint-secrets.js';
import { EndpointTraffic } from './endpoint-traffic.js';
import { ForgottenEndpoints } from './forgotten-endpoints.js';
import { EndpointSigner } from './endpoint-signer.js';
import { parseCidrs } from './may-dial.js';
import { PlannedCalls } from './planned-calls.js';
import { SigningKeyStore } from './signing-key.store.js';
import { SigningKeys } from './signing-keys.service.js';
import { SpentSecrets } from './spent-secrets.js';
import { resolveBySystem } from './system-resolver.js';
import { WebhookDeliveries } from './webhook-deliveries.service.js';
import { WebhookDeliveryStore } from './webhook-delivery.store.js';
import { WebhookDispatchStore } from './webhook-dispatch.store.js';
import { WebhookEndpointStore } from './webhook-endpoint.store.js';
import { WebhookEndpoints } from './webhook-endpoints.service.js';
import { WebhookResending } from './webhook-resending.service.js';
import { WebhookSecretStore } from './webhook-secret.store.js';
import { WebhookSender } from './webhook-sender.js';
import { type DialPolicy, type Resolve, WebhookUrlGuard } from './webhook-url.js';

/** Which addresses and ports webhooks may call, as the environment says it. */
export interface WebhookAddressSettings {
  readonly webhookAllowedCidrs: readonly string[];
  readonly webhookAllowHttp: boolean;
  /** None where it is left out. */
  readonly webhookAllowedPorts: readonly number[];
}

export interface WebhookDeliverySettings extends WebhookAddressSettings {
  readonly webhookRetryScheduleMs: readonly number[];
  readonly webhookTimeoutMs: number;
}

interface Ground {
  readonly postgres: Postgres;
  readonly sealer: Sealer;
  readonly outbox: Outbox;
  readonly events: EventFeed;
  readonly queues: Queues;
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
  readonly hints: Hints;
  readonly log: Log;
  readonly settings: WebhookDeliverySettings;
  readonly limits: DispatcherLimits;
}

/**
 * What the gateway needs: endpoints, the view of their deliveries, sending them again, and the keys to verify with. Throws
 * when the settings name a bad range.
 */
export function assembleTenantSide(parts: TenantSideParts): {
  readonly endpoints: WebhookEndpoints;
  readonly deliveries: WebhookDeliveries;
  readonly resending: WebhookResending;
  readonly signingKeys: SigningKeys;
} {
  const { postgres, accounts, sealer, outbox, events, queues, audit, clock } = parts;
  const { endpointStore, deliveryStore, dispatchStore } = stores();
  const secrets = new EndpointSecrets(new WebhookSecretStore(), sealer);
  const urlGuard = new WebhookUrlGuard(dialPolicy(parts.settings), parts.resolve ?? resolveBySystem);
  const calls = new EndpointCalls(postgres, queues, clock);
  const traffic = new EndpointTraffic(deliveryStore, dispatchStore, calls);
  return {
    endpoints: new WebhookEndpoints(postgres, endpointStore, traffic, accounts, secrets, urlGuard, audit, clock),
    deliveries: new WebhookDeliveries(postgres, endpointStore, deliveryStore, outbox, audit, clock),
    resending: new WebhookResending(postgres, endpointStore, deliveryStore, dispatchStore, events, calls, audit, clock),
    signingKeys: new SigningKeys(postgres, new SigningKeyStore(), sealer, audit, clock),
  };
}

/** What the worker needs: the planner for the relay, the dispatcher, the sweeps, and the sender, which it closes last. */
export function assembleDeliverySide(parts: DeliverySideParts): {
  readonly planner: DeliveryPlanner;
  readonly dispatcher: EndpointDispatcher;
  readonly forgotten: ForgottenEndpoints;
  readonly spentSecrets: SpentSecrets;
  readonly sender: WebhookSender;
} {
  const { postgres, sealer, outbox, audit, events, clock, queues, hints, log, settings } = parts;
  const { endpointStore: endpoints, deliveryStore, dispatchStore } = stores();
  const due = new DueDeliveryStore();
  const [secretStore, keyStore] = [new WebhookSecretStore(), new SigningKeyStore()];
  const signingKeys = new SigningKeys(postgres, keyStore, sealer, audit, clock);
  const calls = new EndpointCalls(postgres, queues, clock);
  const traffic = new EndpointTraffic(deliveryStore, dispatchStore, calls);
  const plannedCalls = new PlannedCalls(postgres, dispatchStore, calls, hints, clock);
  const timeoutMs = settings.webhookTimeoutMs;
  const sender = new WebhookSender({ policy: dialPolicy(settings), timeoutMs }, parts.resolve ?? resolveBySystem);
  const disabler = new EndpointDisabler(endpoints, traffic, outbox, audit);
  const schedule = { stepsMs: settings.webhookRetryScheduleMs, random: Math.random };
  const dispatchParts = {
    postgres,
    leases: new DispatchLeases(postgres, dispatchStore, log),
    endpoints,
    due,
    events,
    signer: new EndpointSigner(postgres, new EndpointSecrets(secretStore, sealer), signingKeys, log),
    courier: new DeliveryCourier(sender, clock),
    settler: new DeliverySettler(postgres, endpoints, dispatchStore, traffic, due, disabler, schedule, clock),
    log: new DeliveryLog(log),
    clock,
  };
  return {
    planner: new DeliveryPlanner(endpoints, deliveryStore, plannedCalls, clock),
    dispatcher: new EndpointDispatcher(dispatchParts, calls, hints, parts.limits),
    forgotten: new ForgottenEndpoints(postgres, dispatchStore, calls, clock),
    spentSecrets: new SpentSecrets(postgres, secretStore, keyStore, clock),
    sender,
  };
}

function stores() {
  return {
    endpointStore: new WebhookEndpointStore(),
    deliveryStore: new WebhookDeliveryStore(),
    dispatchStore: new WebhookDispatchStore(),
  };
}

function dialPolicy(settings: WebhookAddressSettings): DialPolicy {
  return {
    allowed: parseCidrs(settings.webhookAllowedCidrs),
    allowedPorts: settings.webhookAllowedPorts,
    allowHttp: settings.webhookAllowHttp,
  };
}
