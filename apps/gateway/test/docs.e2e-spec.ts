import { Parser } from '@asyncapi/parser';
import { Validator } from '@seriousme/openapi-schema-validator';
import { stopAllProcesses } from '#libs/testing';
import { type GatewayAlone, startGatewayAlone, STARTING_MS } from '../../../test/support/gateway-alone.js';
import { createAccount } from '../../../test/support/whole-service.js';

interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly security?: readonly object[];
  readonly requestBody?: {
    readonly content: Readonly<
      Record<string, { readonly examples?: Readonly<Record<string, { readonly value: object }>> }>
    >;
  };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

interface Schema {
  readonly description?: string;
  readonly example?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly webhooks: Readonly<Record<string, object>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** The bodies that Swagger UI offers for an image request. */
function examplesOf(document: Document): Readonly<Record<string, { readonly value: object }>> {
  const operation = document.paths['/v1/image-requests']?.['post'];
  return operation?.requestBody?.content['application/json']?.examples ?? {};
}

describe('The API document', () => {
  let gateway: GatewayAlone;
  let document: Document;

  beforeAll(async () => {
    gateway = await startGatewayAlone();
    document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as Document;
  }, STARTING_MS);
  afterAll(async () => {
    await gateway.stop();
    await stopAllProcesses();
  }, STARTING_MS);

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
    );

  it('is OpenAPI 3.1, and every reference in it leads somewhere', () => {
    const text = JSON.stringify(document);
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name);

    expect(document.openapi).toBe('3.1.0');
    expect(references.length).toBeGreaterThan(0);
    expect(references.filter((name) => !(name in document.components.schemas))).toEqual([]);
    expect(text).not.toContain('"nullable"');
  });

  it('is valid by the schema of OpenAPI 3.1, webhooks included', async () => {
    expect(await new Validator().validate(structuredClone({ ...document }))).toEqual({ valid: true });
    expect(Object.keys(document.webhooks)).toContain('image_request.succeeded');
  });

  it('has a sister in AsyncAPI, as public as it is, whose schemas are its own', async () => {
    const answer = await fetch(`${gateway.url}/asyncapi.json`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    const text = await answer.text();
    const { document: parsed } = await new Parser().parse(text);

    expect(parsed?.channels().all()).toHaveLength(3);
    const { components } = JSON.parse(text) as Pick<Document, 'components'>;
    const shared = Object.keys(components.schemas).filter((name) => name in document.components.schemas);
    expect(Object.keys(components.schemas).filter((name) => !shared.includes(name))).toEqual(['WebhookHeaders']);
    expect(await (await fetch(gateway.url)).text()).toContain('href="/asyncapi.json"');
    expect((await fetch(`${gateway.url}/asyncapi.json`, { method: 'POST' })).status).toBe(405);
  });

  it('says of each operation what it does, who may call it and how it refuses', () => {
    const bare = operations().filter(({ path, operation }) => {
      if (operation.summary === undefined) return true;
      if (!path.startsWith('/v1/')) return false;
      const problems = Object.entries(operation.responses).filter(([status]) => Number(status) >= 400);
      const areProblems = problems.every(([, { content }]) => content?.['application/problem+json'] !== undefined);
      return operation.security === undefined || !('401' in operation.responses) || !areProblems;
    });

    expect(operations().length).toBeGreaterThan(20);
    expect(bare.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
    expect(new Set(operations().map(({ operation }) => operation.operationId)).size).toBe(operations().length);
  });

  it('explains every field of an image request, and has examples that are taken but for their account', async () => {
    const { properties = {} } = document.components.schemas['CreateImageRequest'] ?? {};
    const unexplained = Object.entries(properties).filter(
      ([, { description, example }]) => description === undefined || example === undefined,
    );
    expect(unexplained.map(([name]) => name)).toEqual([]);

    const tenant = await gateway.createTenant(['images:write', 'accounts:write']);
    const examples = Object.values(examplesOf(document));
    expect(examples.length).toBeGreaterThan(0);
    expect(examples[0]?.value).toMatchObject({
      region: 'ap-guangzhou',
      instanceId: 'ins-6pb6lrmy',
      imageName: 'myImage',
    });
    const { id: accountId } = await createAccount(tenant.api, gateway.simulator);
    for (const { value } of examples) {
      expect((await tenant.api.call('POST', '/v1/image-requests', { ...value, accountId })).status).toBe(202);
    }
  });

  it('is shown by a page that asks nobody but us', async () => {
    for (const path of ['/docs', '/docs/swagger-ui-init.js', '/docs/swagger-ui-bundle.js', '/docs/swagger-ui.css'])
      expect((await fetch(`${gateway.url}${path}`)).status).toBe(200);
    const page = await (await fetch(`${gateway.url}/docs`)).text();
    const settings = await (await fetch(`${gateway.url}/docs/swagger-ui-init.js`)).text();

    expect(
      [...page.matchAll(/(?:src|href)="([^"]+)"/g)]
        .map(([, url]) => url)
        .filter((url) => /^(?:https?:)?\/\//.test(url ?? '')),
    ).toEqual([]);
    expect(settings).toContain('"persistAuthorization": true');
  });
});
