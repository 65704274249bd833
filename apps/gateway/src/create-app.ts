import { NestFactory } from '@nestjs/core';
import { type FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { useContainer } from 'class-validator';
import { nestLogger } from '#libs/logging';
import { AppModule } from './app.module.js';
import { serveDocs } from './docs/openapi.js';
import type { Ground } from './foundation.module.js';
import { Draining } from './http/draining.js';
import { RouteTable } from './http/route-table.js';
import { createServer } from './http/server.js';
import { validationContainer } from './validation-container.js';

/** The gateway, ready to listen. */
export async function createApp(ground: Ground): Promise<NestFastifyApplication> {
  const adapter: FastifyAdapter = createServer(ground.log, ground.settings.trustedProxies);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.on(ground), adapter, {
    logger: nestLogger(ground.log),
    bodyParser: false,
    abortOnError: false,
  });
  app.get(RouteTable).follow(adapter.getInstance());
  app.get(Draining).follow(adapter.getInstance());
  useContainer(validationContainer(app));
  serveDocs(app);
  await app.init();
  return app;
}
