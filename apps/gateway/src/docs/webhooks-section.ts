import { getSchemaPath, type OpenAPIObject } from '@nestjs/swagger';
import { ANY_EVENT } from '../events/event.view.js';
import { CLOUD_EVENT_JSON, EVENT_DOCS, type EventDoc, RECEIVER_ANSWERS, WEBHOOK_HEADERS } from './event-docs.js';

type Webhooks = NonNullable<OpenAPIObject['webhooks']>;
type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

/** What the service posts to receivers: one entry for each type of event, under the name of the type. */
export function webhooksSection(): Webhooks {
  return Object.fromEntries(EVENT_DOCS.map((doc) => [doc.type, { post: deliveryOf(doc) }]));
}

/** An event of any type: its `type` says which. */
export function anyEventSchema(): Schemas {
  const references = EVENT_DOCS.map(({ type, schemaName }) => [type, getSchemaPath(schemaName)] as const);
  return {
    [ANY_EVENT]: {
      description: 'A CloudEvents 1.0 envelope in structured JSON; `type` says what is in `data`.',
      oneOf: references.map(([, $ref]) => ({ $ref })),
      discriminator: { propertyName: 'type', mapping: Object.fromEntries(references) },
    },
  };
}

function deliveryOf({ type, schemaName, meaning, example }: EventDoc): NonNullable<Webhooks[string]['post']> {
  return {
    operationId: `deliver_${schemaName}`,
    tags: ['Deliveries to webhook endpoints'],
    summary: `Sent ${meaning.replaceAll('`', '')}`,
    description:
      'Signed as Standard Webhooks says. Verify the bytes as they came, before parsing them. It may come more than once.',
    // The signature in the headers says who calls; no API key is sent.
    security: [],
    parameters: WEBHOOK_HEADERS.map(({ name, description, pattern, example: value }) => ({
      name,
      in: 'header',
      required: true,
      description,
      schema: { type: 'string', pattern },
      example: value,
    })),
    requestBody: {
      required: true,
      content: {
        [CLOUD_EVENT_JSON]: { schema: { $ref: getSchemaPath(schemaName) }, examples: { [type]: { value: example } } },
      },
    },
    responses: {
      '2XX': { description: RECEIVER_ANSWERS.taken },
      '410': { description: RECEIVER_ANSWERS.gone },
      default: { description: RECEIVER_ANSWERS.other },
    },
  };
}
