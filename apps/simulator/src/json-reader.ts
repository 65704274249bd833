/** Turns a JSON value into T, or throws a JsonFault that says where it is wrong. */
export type Reader<T> = (value: unknown, path: string) => T;

export class JsonFault extends Error {}

type Fields = Record<string, Reader<unknown>>;
type Read<F extends Fields> = { [Name in keyof F]: ReturnType<F[Name]> };

export const text: Reader<string> = (value, path) => {
  if (typeof value !== 'string' || value === '') throw new JsonFault(`${path} must be a non-empty string`);
  return value;
};

export const flag: Reader<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw new JsonFault(`${path} must be true or false`);
  return value;
};

export const number: Reader<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new JsonFault(`${path} must be a number`);
  return value;
};

export function numberFrom(minimum: number, maximum = Number.MAX_SAFE_INTEGER): Reader<number> {
  return (value, path) => {
    const read = number(value, path);
    if (read < minimum || read > maximum) throw new JsonFault(`${path} must lie between ${minimum} and ${maximum}`);
    return read;
  };
}

export function integerFrom(minimum: number, maximum = Number.MAX_SAFE_INTEGER): Reader<number> {
  return (value, path) => {
    const read = numberFrom(minimum, maximum)(value, path);
    if (!Number.isInteger(read)) throw new JsonFault(`${path} must be a whole number`);
    return read;
  };
}

export function oneOf<const T extends string>(allowed: readonly T[]): Reader<T> {
  return (value, path) => {
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) throw new JsonFault(`${path} must be one of ${allowed.join(', ')}`);
    return found;
  };
}

export function optional<T>(reader: Reader<T>): Reader<T | undefined>;
export function optional<T, F>(reader: Reader<T>, fallback: F): Reader<T | F>;
export function optional<T, F>(reader: Reader<T>, fallback?: F): Reader<T | F | undefined> {
  return (value, path) => (value === undefined ? fallback : reader(value, path));
}

export function nullable<T>(reader: Reader<T>): Reader<T | null> {
  return (value, path) => (value === null ? null : reader(value, path));
}

export function listOf<T>(reader: Reader<T>): Reader<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new JsonFault(`${path} must be an array`);
    return value.map((item, index) => reader(item, `${path}[${index}]`));
  };
}

/** The word `any`, or a list. */
export function anyOrListOf<T>(reader: Reader<T>): Reader<'any' | T[]> {
  return (value, path) => (value === 'any' ? 'any' : listOf(reader)(value, path));
}

export function mapOf<T>(reader: Reader<T>): Reader<Record<string, T>> {
  return (value, path) =>
    Object.fromEntries(
      Object.entries(object(value, path)).map(([name, item]) => [name, reader(item, `${path}.${name}`)]),
    );
}

/** Refuses names that are not expected, so that a misspelt one is noticed. */
export function fields<F extends Fields>(readers: F): Reader<Read<F>> {
  return (value, path) => {
    const given = object(value, path);
    const unknownName = Object.keys(given).find((name) => !Object.hasOwn(readers, name));
    if (unknownName !== undefined) {
      throw new JsonFault(
        `${path}.${unknownName} is not known; expected ${Object.keys(readers).join(', ') || 'nothing'}`,
      );
    }
    const read = Object.entries(readers).map(([name, reader]) => [name, reader(given[name], `${path}.${name}`)]);
    return Object.fromEntries(read) as Read<F>;
  };
}

function object(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new JsonFault(`${path} must be an object`);
  return value as Record<string, unknown>;
}
