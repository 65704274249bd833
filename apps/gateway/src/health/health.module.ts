import { Module } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Postgres } from '#libs/postgres';
import { COMMANDS } from '../foundation.module.js';
import { HealthController } from './health.controller.js';
import { Readiness } from './readiness.js';

@Module({
  controllers: [HealthController],
  providers: [
    {
      provide: Readiness,
      useFactory: (postgres: Postgres, redis: Redis) => new Readiness(postgres, redis),
      inject: [Postgres, COMMANDS],
    },
  ],
})
export class HealthModule {}
