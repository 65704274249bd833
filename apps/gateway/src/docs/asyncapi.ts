import type { OpenAPIObject } from '@nestjs/swagger';
import { ANY_EVENT, EventPage } from '../events/event.view.js';
import { CLOUD_EVENT_JSON, EVENT_DOCS, type EventDoc, RECEIVER_ANSWERS, WEBHOOK_HEADERS } from './event-docs.js';
import { schemaClosure } from './schema-closure.js';

type Json = Readonly<Record<string, unknown>>;

/** An AsyncAPI 3 document. Only what others read of it is named. */
export interface AsyncApi {
  readonly asyncapi: string;
  readonly info: Json;
  readonly components: { readonly schemas: Json; readonly messages: Json } & Json;
  readonly [section: string]: unknown;
}

const DESCRIPTION = `
The events of CVM Image Service: CloudEvents 1.0 in structured JSON, one envelope wherever they are met. They are posted to
webhook endpoints, streamed as server-sent events, and kept in a feed for at least 30 days.

Delivery is at least once: dedupe by \`id\`. \`sequence\` counts the events of a tenant without a gap. A later version may add
fields to an event and new types of events; ignore what you do not know. The calls that make endpoints and read the feed
are in \`/openapi.json\`.
`.trim();

const BINDING = { bindingVersion: '0.3.0' };

/** What the service sends, made from the same classes as the OpenAPI document: its schemas are that document's own. */
export function asyncApiOf(openApi: OpenAPIObject): AsyncApi {
  const schemas = schemaClosure(openApi.components?.schemas ?? {}, [ANY_EVENT, EventPage.name]);
  return {
    asyncapi: '3.0.0',
    id: 'urn:cvm-image-service:events',
    info: {
      title: 'CVM Image Service events',
      version: openApi.info.version,
      description: DESCRIPTION,
      license: { name: 'Apache 2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      tags: [{ name: 'events' }, { name: 'webhooks' }],
    },
    defaultContentType: CLOUD_EVENT_JSON,
    servers: SERVERS,
    channels: channels(),
    operations: operations(),
    components: {
      schemas: { ...(asyncSchema(schemas) as Json), WebhookHeaders: webhookHeaders() },
      messages: { ...Object.fromEntries(EVENT_DOCS.map((doc) => [doc.type, messageOf(doc)])), EventPage: eventPage() },
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key with the scope `images:read`.' },
        webhookSignature: {
          type: 'httpApiKey',
          in: 'header',
          name: 'webhook-signature',
          description:
            "Standard Webhooks: over id, timestamp and body, `v1` by HMAC-SHA256 with the endpoint's secret (`whsec_…`), `v1a` by " +
            'Ed25519 with a key of `/.well-known/webhook-keys.json`.',
        },
      },
    },
  };
}

const SERVERS = {
  service: {
    host: '{host}',
    protocol: 'https',
    description: 'This service: the feed and the stream.',
    variables: { host: { default: 'localhost:3000', description: 'Where the service is reached.' } },
    security: [{ $ref: '#/components/securitySchemes/apiKey' }],
  },
  receiver: {
    host: '{host}',
    protocol: 'https',
    description: 'A receiver of webhooks: what `url` of a webhook endpoint names.',
    variables: { host: { default: 'hooks.example.com', description: 'The host of the URL.' } },
    security: [{ $ref: '#/components/securitySchemes/webhookSignature' }],
  },
};

function channels(): Json {
  const events = EVENT_DOCS.map(({ type }) => [type, { $ref: `#/components/messages/${type}` }] as const);
  return {
    webhooks: {
      title: 'Webhooks',
      // It is the receiver's own: each endpoint names its URL.
      address: null,
      description: 'Each event that passes the filters of an endpoint is posted to the URL of that endpoint.',
      servers: [{ $ref: '#/servers/receiver' }],
      messages: Object.fromEntries(EVENT_DOCS.map((doc) => [doc.type, signedMessageOf(doc)])),
    },
    stream: {
      title: 'Stream',
      address: '/v1/events/stream',
      description:
        'Server-sent events: `id` is the id of the event, `event` its type, `data` the envelope in one line. Goes on ' +
        'behind `Last-Event-ID`. A comment every 15 s keeps the connection alive.',
      servers: [{ $ref: '#/servers/service' }],
      messages: Object.fromEntries(events),
    },
    feed: {
      title: 'Feed',
      address: '/v1/events',
      description: 'All kept events, oldest first, a page at a time.',
      servers: [{ $ref: '#/servers/service' }],
      messages: { EventPage: { $ref: '#/components/messages/EventPage' } },
    },
  };
}

function operations(): Json {
  const { taken, gone, other } = RECEIVER_ANSWERS;
  return {
    deliverEvent: {
      action: 'send',
      title: 'Deliver an event',
      summary: 'Post an event to a webhook endpoint.',
      description: `- 2xx: ${taken}\n- 410: ${gone}\n- ${other}`,
      channel: { $ref: '#/channels/webhooks' },
      tags: [{ name: 'webhooks' }],
      bindings: { http: { method: 'POST', ...BINDING } },
      messages: messagesIn('webhooks'),
    },
    streamEvents: {
      action: 'send',
      title: 'Stream events',
      summary: 'Write each event to those who follow the stream.',
      channel: { $ref: '#/channels/stream' },
      tags: [{ name: 'events' }],
      bindings: { http: { method: 'GET', ...BINDING } },
      messages: messagesIn('stream'),
    },
    answerFeed: {
      action: 'send',
      title: 'Answer with a page of the feed',
      summary: 'Give a page of events; what may be asked for stands in `/openapi.json`.',
      channel: { $ref: '#/channels/feed' },
      tags: [{ name: 'events' }],
      bindings: { http: { method: 'GET', ...BINDING } },
      messages: [{ $ref: '#/channels/feed/messages/EventPage' }],
    },
  };
}

function messagesIn(channel: string): readonly Json[] {
  return EVENT_DOCS.map(({ type }) => ({ $ref: `#/channels/${channel}/messages/${type}` }));
}

function messageOf({ type, schemaName, meaning, example }: EventDoc): Json {
  return {
    name: type,
    title: type,
    summary: `Sent ${meaning}.`,
    contentType: CLOUD_EVENT_JSON,
    payload: { $ref: `#/components/schemas/${schemaName}` },
    examples: [{ name: type, payload: example }],
  };
}

/** As `messageOf`, with the headers by which a receiver knows the sender. */
function signedMessageOf(doc: EventDoc): Json {
  const headers = {
    ...Object.fromEntries(WEBHOOK_HEADERS.map(({ name, example }) => [name, example])),
    'webhook-id': doc.example.id,
  };
  return {
    ...messageOf(doc),
    headers: { $ref: '#/components/schemas/WebhookHeaders' },
    examples: [{ name: doc.type, headers, payload: doc.example }],
  };
}

function eventPage(): Json {
  return {
    name: 'EventPage',
    title: 'A page of the feed',
    contentType: 'application/json',
    payload: { $ref: `#/components/schemas/${EventPage.name}` },
    examples: [{ name: 'last page', payload: { data: EVENT_DOCS.map(({ example }) => example), nextCursor: null } }],
  };
}

function webhookHeaders(): Json {
  return {
    type: 'object',
    required: WEBHOOK_HEADERS.map(({ name }) => name),
    properties: Object.fromEntries(
      WEBHOOK_HEADERS.map(({ name, description, pattern, example }) => [
        name,
        { type: 'string', description, pattern, examples: [example] },
      ]),
    ),
  };
}

/** OpenAPI's own words into those of AsyncAPI; what is JSON Schema is the same in both. */
function asyncSchema(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(asyncSchema);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).map(([key, value]: [string, unknown]) => {
    if (key === 'example') return ['examples', [value]];
    // There it is the name of a member and no more; the values of `type` tell the alternatives apart already.
    if (key === 'discriminator') return [key, (value as { readonly propertyName: string }).propertyName];
    return [key, asyncSchema(value)];
  });
  return Object.fromEntries(entries) as Json;
}
