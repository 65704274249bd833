import { Module } from '@nestjs/common';
import { AuditStore } from '#libs/audit';
import { Clock } from '#libs/clock';
import { CloudClient, Endpoints } from '#libs/cloud';
import { Credentials, CredentialsModule } from '#libs/credentials';
import { Postgres } from '#libs/postgres';
import { RoleAssumption, RoleSessions } from '#libs/role-sessions';
import { Tenants, TenantsModule } from '#libs/tenants';
import { AccountStore } from './account.store.js';
import { Accounts } from './accounts.service.js';
import { CredentialCheck } from './credential-check.js';
import { IdentityCheck } from './identity-check.js';

/** Stands on the app's Postgres, Clock, CloudClient, Endpoints, RoleAssumption and RoleSessions. */
@Module({
  imports: [CredentialsModule, TenantsModule],
  providers: [
    AuditStore,
    AccountStore,
    {
      provide: CredentialCheck,
      useFactory: (
        cloud: CloudClient,
        endpoints: Endpoints,
        assumption: RoleAssumption,
        sessions: RoleSessions,
        tenants: Tenants,
      ) => new CredentialCheck(new IdentityCheck(cloud, endpoints), assumption, sessions, tenants),
      inject: [CloudClient, Endpoints, RoleAssumption, RoleSessions, Tenants],
    },
    {
      provide: Accounts,
      useFactory: (
        postgres: Postgres,
        store: AccountStore,
        credentials: Credentials,
        check: CredentialCheck,
        audit: AuditStore,
        clock: Clock,
      ) => new Accounts(postgres, store, credentials, check, audit, clock),
      inject: [Postgres, AccountStore, Credentials, CredentialCheck, AuditStore, Clock],
    },
  ],
  exports: [Accounts, AccountStore],
})
export class AccountsModule {}
