import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Validator } from '@seriousme/openapi-schema-validator';
import { EVENT_TYPES, type EventType } from '#libs/events';
import { type AsyncApi, asyncApiOf } from '../../apps/gateway/src/docs/asyncapi.js';
import { EVENT_MEANINGS } from '../../apps/gateway/src/docs/event-docs.js';
import { EVENT_EXAMPLES } from '../../apps/gateway/src/docs/event-examples.js';
import { openApiOf } from '../../apps/gateway/src/docs/openapi.js';
import { EVENT_VIEWS } from '../../apps/gateway/src/events/event.view.js';
import { emptyApp } from '../support/empty-app.js';

interface TypedSchema {
  readonly properties: { readonly type: { readonly enum: readonly string[] } };
}

const TYPES = [...EVENT_TYPES].sort();

describe('Each type of event', () => {
  let openApi: OpenAPIObject;
  let asyncApi: AsyncApi;

  beforeAll(async () => {
    const app = await emptyApp();
    openApi = openApiOf(app);
    asyncApi = asyncApiOf(openApi);
    await app.close();
  });

  const schemaOf = (type: EventType): unknown => openApi.components?.schemas?.[EVENT_VIEWS[type].name];

  it('has a schema of its own, which names the type, and there is none besides', () => {
    for (const type of EVENT_TYPES)
      expect((schemaOf(type) as TypedSchema | undefined)?.properties.type.enum).toEqual([type]);
    const any = openApi.components?.schemas?.['EventView'] as {
      oneOf: object[];
      discriminator: { mapping: Record<string, string> };
    };
    expect(Object.keys(any.discriminator.mapping).sort()).toEqual(TYPES);
    expect(any.oneOf).toEqual(Object.values(any.discriminator.mapping).map(($ref) => ({ $ref })));
  });

  it('has a webhook in the OpenAPI document, and there is none besides', () => {
    const { webhooks = {} } = openApi;
    expect(Object.keys(webhooks).sort()).toEqual(TYPES);
    for (const type of EVENT_TYPES) {
      expect(webhooks[type]?.post?.requestBody).toMatchObject({
        content: {
          'application/cloudevents+json': { schema: { $ref: `#/components/schemas/${EVENT_VIEWS[type].name}` } },
        },
      });
      expect(Object.keys(webhooks[type]?.post?.responses ?? {}).sort()).toEqual(['2XX', '410', 'default']);
    }
  });

  it('has a message in each channel of the AsyncAPI document that carries single events, and there is none besides', () => {
    const channels = asyncApi['channels'] as Readonly<Record<string, { readonly messages: object }>>;
    for (const channel of ['webhooks', 'stream'])
      expect(Object.keys(channels[channel]?.messages ?? {}).sort()).toEqual(TYPES);
    expect(Object.keys(asyncApi.components.messages).sort()).toEqual(['EventPage', ...TYPES].sort());
  });

  it('has an example that is of it', () => {
    for (const type of EVENT_TYPES) expect(EVENT_EXAMPLES[type].type).toBe(type);
  });

  it('has a row with the same words in docs/webhooks.md, and there is none besides', () => {
    const [, section = ''] = readFileSync('docs/webhooks.md', 'utf8').split('## Event types');
    const [table = ''] = section.split('\n## ');
    const rows = [...table.matchAll(/^\| `([\w.]+)` +\| (.+?) +\|$/gm)].map(([, type, meaning]) => [type, meaning]);
    expect(rows).toEqual(Object.entries(EVENT_MEANINGS));
  });

  it('makes an AsyncAPI document in which the official parser finds no fault', async () => {
    const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApi));
    // That there is a newer version of AsyncAPI than the one that tools read today is none.
    const faults = diagnostics.filter(({ code }) => code !== 'asyncapi-latest-version');
    expect(faults.map(({ code, message, path }) => `${code} ${message} ${path.join('/')}`)).toEqual([]);
    expect(document?.operations().all()).toHaveLength(3);
  }, 60_000);

  it('makes a part of an OpenAPI document that is valid', async () => {
    expect(await new Validator().validate(structuredClone({ ...openApi }))).toEqual({ valid: true });
  });

  it('means the same in both documents: no schema says beside a reference what AsyncAPI would ignore', () => {
    const text = JSON.stringify(asyncApi.components.schemas);
    expect(text.match(/"\$ref":"[^"]+",|,"\$ref":/g)).toBeNull();
    expect(text).not.toMatch(/"(?:\$defs|prefixItems|unevaluatedProperties|dependentRequired|nullable|example)":/);
    expect(Object.keys(asyncApi.components.schemas)).toEqual(expect.arrayContaining(['EventView', 'EventPage']));
  });
});
