import { Module } from '@nestjs/common';
import { AuditStore } from '#libs/audit';
import { Clock } from '#libs/clock';
import { CloudClient, Endpoints } from '#libs/cloud';
import { Credentials, CredentialsModule } from '#libs/credentials';
import { Outbox } from '#libs/events';
import { Postgres } from '#libs/postgres';
import { Hints } from '#libs/redis';
import { RoleAssumption } from '#libs/role-sessions';
import { Tenants, TenantsModule } from '#libs/tenants';
import { AccountStore } from './account.store.js';
import { Accounts } from './accounts.service.js';
import { CredentialCheck } from './credential-check.js';
import { CredentialStanding } from './credential-standing.js';
import { CredentialVerification } from './credential-verification.js';
import { IdentityCheck } from './identity-check.js';

/** Stands on the app's Postgres, Hints, Outbox, Clock, CloudClient, Endpoints and RoleAssumption. */
@Module({
  imports: [CredentialsModule, TenantsModule],
  providers: [
    AuditStore,
    AccountStore,
    {
      provide: CredentialCheck,
      useFactory: (cloud: CloudClient, endpoints: Endpoints, assumption: RoleAssumption, tenants: Tenants) =>
        new CredentialCheck(new IdentityCheck(cloud, endpoints), assumption, tenants),
      inject: [CloudClient, Endpoints, RoleAssumption, Tenants],
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
        check: CredentialCheck,
        standing: CredentialStanding,
        audit: AuditStore,
        clock: Clock,
      ) => new CredentialVerification(postgres, store, credentials, check, standing, audit, clock),
      inject: [Postgres, AccountStore, Credentials, CredentialCheck, CredentialStanding, AuditStore, Clock],
    },
    {
      provide: Accounts,
      useFactory: (
        postgres: Postgres,
        store: AccountStore,
        credentials: Credentials,
        check: CredentialCheck,
        standing: CredentialStanding,
        verification: CredentialVerification,
        audit: AuditStore,
        clock: Clock,
      ) => new Accounts(postgres, store, credentials, check, standing, verification, audit, clock),
      inject: [
        Postgres,
        AccountStore,
        Credentials,
        CredentialCheck,
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
