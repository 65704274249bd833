import type { INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { EVENT_VIEWS, EventPage } from '../events/event.view.js';
import { asyncApiOf } from './asyncapi.js';
import { anyEventSchema, webhooksSection } from './webhooks-section.js';

const DESCRIPTION = `
Makes images of Tencent Cloud CVM instances: durable, rate-limited, audited.

An image request is accepted at once (202) and carried out in the background: poll it, wait on it with
\`Prefer: wait=30\`, read the event feed or follow its stream, or have events delivered to a webhook endpoint.

Every error is a problem document (RFC 9457) with a stable \`code\`; its \`type\` leads to a page that explains it.

Not yet: \`Idempotency-Key\` is ignored, so a creating call that is sent twice creates twice (of image requests, an open one
keeps its name from being ordered again). There are no \`RateLimit\` headers, and callers with a
valid key are not limited.
`.trim();

/** The API as it is: made from the controllers, their bodies and their answers, and the events that it sends. */
export function openApiOf(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('CVM Image Service')
    .setVersion('1')
    .setDescription(DESCRIPTION)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key, as /v1/api-keys gives it.' })
    .build();
  const described = {
    ...config,
    webhooks: webhooksSection(),
    components: { ...config.components, schemas: anyEventSchema() },
  };
  return SwaggerModule.createDocument(app, described, {
    extraModels: [...Object.values(EVENT_VIEWS), EventPage],
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
}

/** Both documents, and Swagger UI under /docs, from files of ours alone: it works without a way to the internet. */
export function serveDocs(app: NestFastifyApplication): void {
  const openApi = openApiOf(app);
  const asyncApi = JSON.stringify(asyncApiOf(openApi));
  app
    .getHttpAdapter()
    .getInstance()
    .get('/asyncapi.json', (_request, reply) => reply.type('application/json').send(asyncApi));
  SwaggerModule.setup('docs', app, openApi, {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'CVM Image Service API',
    swaggerOptions: {
      persistAuthorization: true,
      displayRequestDuration: true,
      tryItOutEnabled: true,
      // Without this the page asks a validator on the internet.
      validatorUrl: null,
    },
  });
}
