type Schemas = Readonly<Record<string, unknown>>;

const PREFIX = '#/components/schemas/';

/** The named schemas and every schema that they lead to, in the order in which they are met. */
export function schemaClosure(all: Schemas, names: readonly string[]): Schemas {
  const found = new Map<string, unknown>();
  const waiting = [...names];
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    if (found.has(name)) continue;
    if (!Object.hasOwn(all, name)) throw new Error(`there is no schema ${name}`);
    found.set(name, all[name]);
    waiting.push(...referencesIn(all[name]));
  }
  return Object.fromEntries(found);
}

function referencesIn(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(referencesIn);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]: [string, unknown]) => {
    if (key === '$ref' && typeof value === 'string' && value.startsWith(PREFIX)) return [value.slice(PREFIX.length)];
    return referencesIn(value);
  });
}
