import { Module } from '@nestjs/common';
import { AuditStore } from '#libs/audit';
import { Clock } from '#libs/clock';
import { Postgres } from '#libs/postgres';
import { ApiKeyStore } from './api-key.store.js';
import { ApiKeys } from './api-keys.service.js';
import { TenantStore } from './tenant.store.js';
import { Tenants } from './tenants.service.js';

/** Stands on the app's Postgres and Clock. */
@Module({
  providers: [
    AuditStore,
    TenantStore,
    ApiKeyStore,
    {
      provide: Tenants,
      useFactory: (postgres: Postgres, store: TenantStore, audit: AuditStore, clock: Clock) =>
        new Tenants(postgres, store, audit, clock),
      inject: [Postgres, TenantStore, AuditStore, Clock],
    },
    {
      provide: ApiKeys,
      useFactory: (postgres: Postgres, store: ApiKeyStore, audit: AuditStore, clock: Clock) =>
        new ApiKeys(postgres, store, audit, clock),
      inject: [Postgres, ApiKeyStore, AuditStore, Clock],
    },
  ],
  exports: [Tenants, ApiKeys, ApiKeyStore],
})
export class TenantsModule {}
