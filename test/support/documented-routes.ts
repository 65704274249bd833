import type { ApiAnswer } from './api-client.js';

/** What is used of a schema of OpenAPI 3.1. */
interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
  readonly format?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface Operation {
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** One method of one path, as /openapi.json has it. */
export interface DocumentedRoute {
  readonly method: string;
  /** With `{name}` for its parameters. */
  readonly path: string;
  readonly access: 'public' | 'any-key' | { readonly scope: string };
  readonly body: Schema | null;
}

/** Real values for what the document has only examples of, by the name of the schema or of the member. */
export interface KnownValues {
  readonly schemas: Readonly<Record<string, () => unknown>>;
  readonly members: Readonly<Record<string, unknown>>;
}

/** Every route that the document of a running gateway names, and bodies that fit its schemas. */
export class DocumentedRoutes {
  readonly all: readonly DocumentedRoute[];

  private constructor(private readonly document: OpenApi) {
    this.all = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => routeOf(method, path, operation)),
    );
  }

  static async of(gatewayUrl: string): Promise<DocumentedRoutes> {
    const answer = await fetch(`${gatewayUrl}/openapi.json`);
    return new DocumentedRoutes((await answer.json()) as OpenApi);
  }

  /** A body that the route takes: what it requires, or where it requires nothing all that it knows. */
  bodyFor({ body }: DocumentedRoute, known: KnownValues): unknown {
    return body === null ? undefined : this.valueOf(body, known);
  }

  /** Whether a member of that name stands anywhere in the route's body. */
  bodyHas({ body }: DocumentedRoute, member: string): boolean {
    const text = body === null ? '' : JSON.stringify(this.expanded(body));
    return text.includes(`"${member}":{`);
  }

  private valueOf(schema: Schema, known: KnownValues): unknown {
    const name = nameOf(schema);
    const given = name === null ? undefined : known.schemas[name];
    if (given !== undefined) return given();
    const {
      type,
      enum: values,
      example,
      format,
      minimum,
      items,
      required = [],
      properties = {},
    } = this.resolved(schema);
    const only = typeof type === 'string' ? type : type?.find((one) => one !== 'null');
    if (only === 'object' || Object.keys(properties).length > 0) {
      const names = required.length > 0 ? required : Object.keys(properties);
      const members = names.map((member) => [member, this.memberOf(member, properties[member], known)] as const);
      return Object.fromEntries(members.filter(([, value]) => value !== undefined));
    }
    if (example !== undefined) return example;
    if (only === 'array') return items === undefined ? [] : [this.valueOf(items, known)];
    if (values !== undefined) return values[0];
    if (only === 'integer' || only === 'number') return minimum ?? 1;
    if (only === 'boolean') return false;
    return format === 'date-time' ? '2099-01-31T12:00:00.000Z' : 'text';
  }

  private memberOf(name: string, schema: Schema | undefined, known: KnownValues): unknown {
    if (Object.hasOwn(known.members, name)) return known.members[name];
    return schema === undefined ? undefined : this.valueOf(schema, known);
  }

  private resolved(schema: Schema): Schema {
    const name = nameOf(schema);
    if (name === null) return schema;
    const found = this.document.components.schemas[name];
    if (found === undefined) throw new Error(`the document has no schema ${name}`);
    return found;
  }

  private expanded(schema: Schema): unknown {
    const { properties = {}, items } = this.resolved(schema);
    return {
      ...Object.fromEntries(Object.entries(properties).map(([name, member]) => [name, this.expanded(member)])),
      ...(items === undefined ? {} : { items: this.expanded(items) }),
    };
  }
}

/** Calls a route. A stream is let go of once it has begun. */
export async function callRoute(
  url: string,
  method: string,
  path: string,
  options: { readonly key: string | null; readonly body?: unknown; readonly from?: string },
): Promise<ApiAnswer> {
  const { key, body, from } = options;
  const leave = new AbortController();
  const answer = await fetch(`${url}${path}`, {
    method,
    signal: leave.signal,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(from === undefined ? {} : { 'x-forwarded-for': from }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const type = answer.headers.get('content-type') ?? '';
  if (type.startsWith('text/event-stream')) {
    leave.abort();
    return { status: answer.status, headers: answer.headers, body: {} };
  }
  const text = await answer.text();
  const parsed = /json$|json;/.test(type) ? (JSON.parse(text) as Record<string, unknown>) : { text };
  return { status: answer.status, headers: answer.headers, body: parsed };
}

function routeOf(method: string, path: string, { security, requestBody }: Operation): DocumentedRoute {
  const scope = security?.[0]?.['bearer'];
  return {
    method: method.toUpperCase(),
    path,
    access: scope === undefined ? 'public' : scope[0] === undefined ? 'any-key' : { scope: scope[0] },
    body: requestBody?.content['application/json']?.schema ?? null,
  };
}

function nameOf({ $ref, allOf }: Schema): string | null {
  const reference = $ref ?? allOf?.[0]?.$ref;
  return reference === undefined ? null : (reference.split('/').at(-1) ?? null);
}
