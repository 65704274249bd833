import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

@Module({})
class EmptyModule {}

/** An application without routes, databases or a port: what the document generator needs in order to read classes. */
export async function emptyApp(): Promise<INestApplication> {
  return NestFactory.create(EmptyModule, new FastifyAdapter(), { logger: false });
}
