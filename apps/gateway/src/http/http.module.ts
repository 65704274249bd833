import { Global, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule, DiscoveryService, Reflector } from '@nestjs/core';
import type { Redis } from 'ioredis';
import { AuditStore } from '#libs/audit';
import { Clock } from '#libs/clock';
import { GatewaySettings } from '#libs/config';
import { Log } from '#libs/logging';
import { Postgres } from '#libs/postgres';
import { ApiKeyStore, Authenticator, TenantsModule } from '#libs/tenants';
import { COMMANDS } from '../foundation.module.js';
import { AuthRefusals } from './auth-refusals.js';
import { CallerGuard } from './caller.guard.js';
import { assertEveryRouteDeclaresAccess } from './declared-access.js';
import { Draining } from './draining.js';
import { GuessLimiter } from './guess-limiter.js';
import { InputPipe } from './input.pipe.js';
import { KeyWatch } from './key-watch.js';
import { ProblemPagesController } from './problem-pages.controller.js';
import { ProblemFilter } from './problem.filter.js';
import { RouteTable } from './route-table.js';

/** What all routes share: who calls, what may be sent, how it is refused. */
@Global()
@Module({
  imports: [DiscoveryModule, TenantsModule],
  controllers: [ProblemPagesController],
  providers: [
    RouteTable,
    Draining,
    {
      provide: Authenticator,
      useFactory: (postgres: Postgres, store: ApiKeyStore, clock: Clock, settings: GatewaySettings) =>
        new Authenticator(postgres, store, clock, settings.adminApiKey),
      inject: [Postgres, ApiKeyStore, Clock, GatewaySettings],
    },
    {
      provide: AuthRefusals,
      useFactory: (postgres: Postgres, audit: AuditStore, clock: Clock, log: Log) =>
        new AuthRefusals(postgres, audit, clock, log),
      inject: [Postgres, AuditStore, Clock, Log],
    },
    {
      provide: KeyWatch,
      useFactory: (authenticator: Authenticator, refusals: AuthRefusals, log: Log) =>
        new KeyWatch(authenticator, refusals, log),
      inject: [Authenticator, AuthRefusals, Log],
    },
    { provide: GuessLimiter, useFactory: (redis: Redis) => new GuessLimiter(redis), inject: [COMMANDS] },
    { provide: APP_GUARD, useClass: CallerGuard },
    { provide: APP_PIPE, useClass: InputPipe },
    { provide: APP_FILTER, useClass: ProblemFilter },
  ],
  exports: [RouteTable, Draining, KeyWatch],
})
export class HttpModule implements OnApplicationBootstrap {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
  ) {}

  onApplicationBootstrap(): void {
    assertEveryRouteDeclaresAccess(this.discovery, this.reflector);
  }
}
