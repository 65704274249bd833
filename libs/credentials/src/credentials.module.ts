import { Module } from '@nestjs/common';
import { Clock } from '#libs/clock';
import { Postgres } from '#libs/postgres';
import { Sealer } from '#libs/sealing';
import { CredentialStore } from './credential.store.js';
import { Credentials } from './credentials.service.js';

/** Stands on the app's Postgres, Sealer and Clock. */
@Module({
  providers: [
    CredentialStore,
    {
      provide: Credentials,
      useFactory: (postgres: Postgres, store: CredentialStore, sealer: Sealer, clock: Clock) =>
        new Credentials(postgres, store, sealer, clock),
      inject: [Postgres, CredentialStore, Sealer, Clock],
    },
  ],
  exports: [Credentials],
})
export class CredentialsModule {}
