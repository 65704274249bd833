import type { INestApplication } from '@nestjs/common';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { openApiOf } from '../../apps/gateway/src/docs/openapi.js';
import { EVENT_VIEWS } from '../../apps/gateway/src/events/event.view.js';
import { emptyApp } from './empty-app.js';

type Json = Readonly<Record<string, unknown>>;

/** As the contract has every time. The format of JSON Schema would also take others. */
const UTC_WITH_MILLISECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The schemas of all events as the OpenAPI document publishes them, but closed: no field that they don't name may be there. */
export class EventContracts {
  private constructor(private readonly validators: ReadonlyMap<string, ValidateFunction>) {}

  static async load(): Promise<EventContracts> {
    const app = await emptyApp();
    try {
      return EventContracts.of(app);
    } finally {
      await app.close();
    }
  }

  /** What is wrong with an event as it was published; empty if nothing is. */
  faultsOf(event: unknown): readonly string[] {
    const type = typeof event === 'object' && event !== null && 'type' in event ? event.type : undefined;
    const validate = typeof type === 'string' ? this.validators.get(type) : undefined;
    if (validate === undefined) return [`/type: ${JSON.stringify(type)} is the type of no event`];
    if (validate(event)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath || '/'}: ${message ?? ''} ${JSON.stringify(params)}`,
    );
  }

  private static of(app: INestApplication): EventContracts {
    const schemas = openApiOf(app).components?.schemas ?? {};
    const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
    ajv.addVocabulary(['components', 'example', 'discriminator']);
    ajv.addFormat('date-time', UTC_WITH_MILLISECONDS);
    ajv.addFormat('uri', (text) => URL.canParse(text));
    ajv.addSchema({ $id: 'document', components: { schemas: closed(schemas) } });
    const compiled = Object.entries(EVENT_VIEWS).map(
      ([type, { name }]) => [type, ajv.compile({ $ref: `document#/components/schemas/${name}` })] as const,
    );
    return new EventContracts(new Map(compiled));
  }
}

/**
 * The published schemas leave room for fields to come, so that receivers who validate survive a new one. Here none may be
 * sent that no schema names: it would be public without anybody having said so.
 */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]: [string, unknown]) => [key, closed(value)]));
  const isObject = (copy as Json)['type'] === 'object' && 'properties' in copy;
  return isObject && !('additionalProperties' in copy) ? { ...copy, additionalProperties: false } : copy;
}
