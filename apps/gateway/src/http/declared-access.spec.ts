import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, NestFactory, Reflector } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Public, RequiresScope } from './access.js';
import { assertEveryRouteDeclaresAccess } from './declared-access.js';

@Controller('open')
class Open {
  @Get()
  @Public()
  declared(): void {}

  @Get('forgotten')
  forgotten(): void {}

  helper(): void {}
}

@RequiresScope('admin')
@Controller('closed')
class Closed {
  @Get()
  get(): void {}
}

async function check(...controllers: (typeof Open | typeof Closed)[]): Promise<void> {
  @Module({ imports: [DiscoveryModule], controllers })
  class Spec {}
  const app = await NestFactory.create(Spec, new FastifyAdapter(), { logger: false });
  try {
    assertEveryRouteDeclaresAccess(app.get(DiscoveryService), app.get(Reflector));
  } finally {
    await app.close();
  }
}

describe('Routes', () => {
  it('do not pass the start without saying who may call them', async () => {
    await expect(check(Open, Closed)).rejects.toThrow(
      new Error('these routes do not say who may call them: Open.forgotten'),
    );
  });

  it('may say it for the whole controller', async () => {
    await expect(check(Closed)).resolves.toBeUndefined();
  });
});
