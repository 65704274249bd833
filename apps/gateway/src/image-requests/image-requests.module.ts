import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Accounts, AccountsModule, AccountStore } from '#libs/accounts';
import { AuditStore } from '#libs/audit';
import { Clock } from '#libs/clock';
import { Endpoints } from '#libs/cloud';
import { GatewaySettings } from '#libs/config';
import { Outbox } from '#libs/events';
import { AccountLanes, assembleRequestSide, ImageRequests } from '#libs/image-requests';
import { Log } from '#libs/logging';
import { Postgres } from '#libs/postgres';
import { Queues } from '#libs/queues';
import { Hints } from '#libs/redis';
import { COMMANDS } from '../foundation.module.js';

type RequestSide = ReturnType<typeof assembleRequestSide>;

const REQUEST_SIDE = Symbol('image requests as callers see them');

@Module({
  imports: [AccountsModule],
  providers: [
    {
      provide: REQUEST_SIDE,
      useFactory: (
        postgres: Postgres,
        redis: Redis,
        hints: Hints,
        queues: Queues,
        outbox: Outbox,
        audit: AuditStore,
        accounts: Accounts,
        accountStore: AccountStore,
        endpoints: Endpoints,
        clock: Clock,
        log: Log,
        settings: GatewaySettings,
      ): RequestSide =>
        assembleRequestSide({
          postgres,
          redis,
          hints,
          queues,
          outbox,
          audit,
          accounts,
          accountStore,
          endpoints,
          clock,
          log,
          settings,
        }),
      inject: [
        Postgres,
        COMMANDS,
        Hints,
        Queues,
        Outbox,
        AuditStore,
        Accounts,
        AccountStore,
        Endpoints,
        Clock,
        Log,
        GatewaySettings,
      ],
    },
    { provide: ImageRequests, useFactory: (side: RequestSide) => side.imageRequests, inject: [REQUEST_SIDE] },
    { provide: AccountLanes, useFactory: (side: RequestSide) => side.accountLanes, inject: [REQUEST_SIDE] },
  ],
  exports: [ImageRequests, AccountLanes],
})
export class ImageRequestsModule implements OnApplicationShutdown {
  constructor(@Inject(REQUEST_SIDE) private readonly side: RequestSide) {}

  /** Wakes that are still pending are handed to the queue, before the connections go. */
  async onApplicationShutdown(): Promise<void> {
    await this.side.waker.close();
  }
}
