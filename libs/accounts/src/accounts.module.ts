import { Module } from '@nestjs/common';
import { AuditStore } from '#libs/audit';
import { Clock } from '#libs/clock';
import { CloudClient, Endpoints } from '#libs/cloud';
import { Credentials, CredentialsModule } from '#libs/credentials';
import { Postgres } from '#libs/postgres';
import { AccountStore } from './account.store.js';
import { Accounts } from './accounts.service.js';
import { IdentityCheck } from './identity-check.js';

/** Stands on the app's Postgres, Clock, CloudClient and Endpoints. */
@Module({
  imports: [CredentialsModule],
  providers: [
    AuditStore,
    AccountStore,
    {
      provide: IdentityCheck,
      useFactory: (cloud: CloudClient, endpoints: Endpoints) => new IdentityCheck(cloud, endpoints),
      inject: [CloudClient, Endpoints],
    },
    {
      provide: Accounts,
      useFactory: (
        postgres: Postgres,
        store: AccountStore,
        credentials: Credentials,
        identityCheck: IdentityCheck,
        audit: AuditStore,
        clock: Clock,
      ) => new Accounts(postgres, store, credentials, identityCheck, audit, clock),
      inject: [Postgres, AccountStore, Credentials, IdentityCheck, AuditStore, Clock],
    },
  ],
  exports: [Accounts, AccountStore],
})
export class AccountsModule {}
