import { Module } from '@nestjs/common';
import { EventStore, EventTails } from '#libs/events';
import { Log } from '#libs/logging';
import { Postgres } from '#libs/postgres';
import { Hints } from '#libs/redis';
import { Draining } from '../http/draining.js';
import { KeyWatch } from '../http/key-watch.js';
import { EventStreams } from './event-streams.js';
import { EventsController } from './events.controller.js';

@Module({
  controllers: [EventsController],
  providers: [
    EventStore,
    {
      provide: EventTails,
      useFactory: (postgres: Postgres, store: EventStore, hints: Hints, log: Log) =>
        new EventTails(postgres, store, hints, log),
      inject: [Postgres, EventStore, Hints, Log],
    },
    {
      provide: EventStreams,
      useFactory: (tails: EventTails, draining: Draining, keys: KeyWatch, log: Log) =>
        new EventStreams(tails, draining, keys, log),
      inject: [EventTails, Draining, KeyWatch, Log],
    },
  ],
})
export class EventsRoutesModule {}
