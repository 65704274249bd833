import { type DynamicModule, Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { AuditStore } from '#libs/audit';
import { Clock, SystemClock } from '#libs/clock';
import { CloudClient, Endpoints } from '#libs/cloud';
import { GatewaySettings } from '#libs/config';
import { EventFeed, EventStore, Outbox } from '#libs/events';
import { Log } from '#libs/logging';
import { Postgres } from '#libs/postgres';
import { Queues } from '#libs/queues';
import { connectRedis, Hints } from '#libs/redis';
import { assembleRoleAssumption, RoleAssumption } from '#libs/role-sessions';
import { KeyRing, Sealer } from '#libs/sealing';

/** Redis connections by use: a subscriber can do nothing else. */
export const COMMANDS = Symbol('redis for commands');
const SUBSCRIBER = Symbol('redis for subscriptions');

/** What the start of the process has made already, to be able to refuse a bad environment or an old schema. */
export interface Ground {
  readonly settings: GatewaySettings;
  readonly log: Log;
  readonly postgres: Postgres;
}

/** What every domain stands on, made once for the process and closed after the last request was answered. */
@Global()
@Module({
  providers: [
    AuditStore,
    { provide: Clock, useClass: SystemClock },
    {
      provide: COMMANDS,
      useFactory: (settings: GatewaySettings) => connectRedis(settings.redisUrl, 'commands'),
      inject: [GatewaySettings],
    },
    {
      provide: SUBSCRIBER,
      useFactory: (settings: GatewaySettings) => connectRedis(settings.redisUrl, 'blocking'),
      inject: [GatewaySettings],
    },
    {
      provide: Hints,
      useFactory: (commands: Redis, subscriber: Redis) => new Hints(commands, subscriber),
      inject: [COMMANDS, SUBSCRIBER],
    },
    EventStore,
    {
      provide: EventFeed,
      useFactory: (postgres: Postgres, store: EventStore) => new EventFeed(postgres, store),
      inject: [Postgres, EventStore],
    },
    {
      provide: Outbox,
      useFactory: (postgres: Postgres, store: EventStore, hints: Hints) => new Outbox(postgres, store, hints),
      inject: [Postgres, EventStore, Hints],
    },
    { provide: Queues, useFactory: (redis: Redis) => new Queues(redis), inject: [COMMANDS] },
    {
      provide: Sealer,
      useFactory: ({ keySource }: GatewaySettings, log: Log) => new Sealer(KeyRing.following(keySource, log)),
      inject: [GatewaySettings, Log],
    },
    {
      provide: Endpoints,
      useFactory: ({ cvmEndpoint, stsEndpoint }: GatewaySettings) => new Endpoints({ cvmEndpoint, stsEndpoint }),
      inject: [GatewaySettings],
    },
    {
      provide: CloudClient,
      useFactory: (endpoints: Endpoints, settings: GatewaySettings) =>
        new CloudClient({ endpoints, timeoutMs: settings.upstreamTimeoutMs }),
      inject: [Endpoints, GatewaySettings],
    },
    {
      provide: RoleAssumption,
      useFactory: (
        postgres: Postgres,
        redis: Redis,
        cloud: CloudClient,
        endpoints: Endpoints,
        audit: AuditStore,
        clock: Clock,
        log: Log,
        settings: GatewaySettings,
      ) => assembleRoleAssumption({ postgres, redis, cloud, endpoints, audit, clock, log, settings }),
      inject: [Postgres, COMMANDS, CloudClient, Endpoints, AuditStore, Clock, Log, GatewaySettings],
    },
  ],
  exports: [
    AuditStore,
    Clock,
    COMMANDS,
    Hints,
    EventFeed,
    Outbox,
    Queues,
    Sealer,
    Endpoints,
    CloudClient,
    RoleAssumption,
  ],
})
export class FoundationModule implements OnApplicationShutdown {
  static on({ settings, log, postgres }: Ground): DynamicModule {
    const ground = [
      { provide: GatewaySettings, useValue: settings },
      { provide: Log, useValue: log },
      { provide: Postgres, useValue: postgres },
    ];
    return { module: FoundationModule, providers: ground, exports: [GatewaySettings, Log, Postgres] };
  }

  constructor(
    private readonly postgres: Postgres,
    private readonly cloud: CloudClient,
    @Inject(COMMANDS) private readonly commands: Redis,
    @Inject(SUBSCRIBER) private readonly subscriber: Redis,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    this.cloud.close();
    this.commands.disconnect();
    this.subscriber.disconnect();
    await this.postgres.close();
  }
}
