import { Module } from '@nestjs/common';
import { AuditStore } from '#libs/audit';
import { Clock } from '#libs/clock';
import { CloudClient, Endpoints } from '#libs/cloud';
import { Credentials, CredentialsModule } from '#libs/credentials';
import { Outbox } from '#libs/events';
import { Postgres } from '#libs/postgres';
import { Hints } from '#libs/redis';
import { AccountStore } from './account.store.js';
import { Accounts } from './accounts.service.js';
import { CredentialStanding } from './credential-standing.js';
import { CredentialVerification } from './credential-verification.js';
import { IdentityCheck } from './identity-check.js';

/** Stands on the app's Postgres, Hints, Outbox, Clock, CloudClient and Endpoints. */
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
      provide: CredentialStanding,
      useFactory: (
        postgres: Postgres,
        store: AccountStore,
        credentials: Credentials,
        outbox: Outbox,
        audit: AuditStore,
        hints: Hints,
        clock: Clock,
      ) => new CredentialStanding(postgres, store, credentials, outbox, audit, hints, clock),
      inject: [Postgres, AccountStore, Credentials, Outbox, AuditStore, Hints, Clock],
    },
    {
      provide: CredentialVerification,
      useFactory: (
        postgres: Postgres,
        store: AccountStore,
        credentials: Credentials,
        identityCheck: IdentityCheck,
        standing: CredentialStanding,
        audit: AuditStore,
        clock: Clock,
      ) => new CredentialVerification(postgres, store, credentials, identityCheck, standing, audit, clock),
      inject: [Postgres, AccountStore, Credentials, IdentityCheck, CredentialStanding, AuditStore, Clock],
    },
    {
      provide: Accounts,
      useFactory: (
        postgres: Postgres,
        store: AccountStore,
        credentials: Credentials,
        identityCheck: IdentityCheck,
        standing: CredentialStanding,
        verification: CredentialVerification,
        audit: AuditStore,
        clock: Clock,
      ) => new Accounts(postgres, store, credentials, identityCheck, standing, verification, audit, clock),
      inject: [
        Postgres,
        AccountStore,
        Credentials,
        IdentityCheck,
        CredentialStanding,
        CredentialVerification,
        AuditStore,
        Clock,
      ],
    },
  ],
  exports: [Accounts, AccountStore],
})
export class AccountsModule {}
