import { Module } from '@nestjs/common';
import { AccountsModule, AccountStore } from '#libs/accounts';
import { AuditStore } from '#libs/audit';
import { Clock } from '#libs/clock';
import { GatewaySettings } from '#libs/config';
import { EventFeed, Outbox } from '#libs/events';
import { Postgres } from '#libs/postgres';
import { Queues } from '#libs/queues';
import { Sealer } from '#libs/sealing';
import { assembleTenantSide, SigningKeys, WebhookDeliveries, WebhookEndpoints, WebhookResending } from '#libs/webhooks';
import { WebhookDeliveriesController } from './webhook-deliveries.controller.js';
import { WebhookEndpointsController } from './webhook-endpoints.controller.js';
import { WebhookKeysController } from './webhook-keys.controller.js';

type TenantSide = ReturnType<typeof assembleTenantSide>;

const TENANT_SIDE = Symbol('webhooks as tenants see them');

@Module({
  imports: [AccountsModule],
  controllers: [WebhookEndpointsController, WebhookDeliveriesController, WebhookKeysController],
  providers: [
    {
      provide: TENANT_SIDE,
      useFactory: (
        postgres: Postgres,
        accounts: AccountStore,
        sealer: Sealer,
        outbox: Outbox,
        events: EventFeed,
        queues: Queues,
        audit: AuditStore,
        clock: Clock,
        settings: GatewaySettings,
      ): TenantSide =>
        assembleTenantSide({ postgres, accounts, sealer, outbox, events, queues, audit, clock, settings }),
      inject: [Postgres, AccountStore, Sealer, Outbox, EventFeed, Queues, AuditStore, Clock, GatewaySettings],
    },
    { provide: WebhookEndpoints, useFactory: (side: TenantSide) => side.endpoints, inject: [TENANT_SIDE] },
    { provide: WebhookResending, useFactory: (side: TenantSide) => side.resending, inject: [TENANT_SIDE] },
    { provide: WebhookDeliveries, useFactory: (side: TenantSide) => side.deliveries, inject: [TENANT_SIDE] },
    { provide: SigningKeys, useFactory: (side: TenantSide) => side.signingKeys, inject: [TENANT_SIDE] },
  ],
})
export class WebhooksRoutesModule {}
