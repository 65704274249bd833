import { ApiError } from '../api-error.js';

const IS_OF_TYPE = {
  string: (value: unknown): value is string => typeof value === 'string',
  boolean: (value: unknown): value is boolean => typeof value === 'boolean',
  integer: (value: unknown): value is number => Number.isSafeInteger(value),
  'string[]': (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((item) => typeof item === 'string'),
  'object[]': (value: unknown): value is Record<string, unknown>[] => Array.isArray(value) && value.every(isObject),
};

interface TypeNames {
  string: string;
  boolean: boolean;
  integer: number;
  'string[]': string[];
  'object[]': Record<string, unknown>[];
}

type Shape = Record<string, keyof TypeNames>;

type Parameters<S extends Shape> = { [Name in keyof S]?: TypeNames[S[Name]] };

/**
 * Refuses what the API does not define and what has another JSON type than the docs say. Never converts: a boolean sent
 * as a string, or a string as a boolean, is a mistake in the caller.
 */
export function readParameters<const S extends Shape>(given: Record<string, unknown>, shape: S): Parameters<S> {
  for (const [name, value] of Object.entries(given)) {
    const type = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (!type) throw new ApiError('UnknownParameter', `The parameter \`${name}\` is not recognized.`);
    if (!IS_OF_TYPE[type](value)) {
      throw new ApiError('InvalidParameter', `The value type of parameter \`${name}\` is not valid: ${type} expected.`);
    }
  }
  return given as Parameters<S>;
}

export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined)
    throw new ApiError('MissingParameter', `The request is missing a required parameter \`${name}\`.`);
  return value;
}

export function countCodePoints(text: string): number {
  return [...text].length;
}

export interface Page {
  offset: number;
  limit: number;
}

/** `Offset` from 0, `Limit` from 1 to 100, 20 when not given. It cuts a list of ids as it cuts any other list. */
export function readPage(parameters: { Offset?: number; Limit?: number }, limitCode: string): Page {
  const { Offset: offset = 0, Limit: limit = 20 } = parameters;
  if (offset < 0) throw new ApiError('InvalidParameterValue', 'The value of `Offset` must not be negative.');
  if (limit < 1 || limit > 100) throw new ApiError(limitCode, 'The value of `Limit` must lie between 1 and 100.');
  return { offset, limit };
}

export function pageOf<T>(all: T[], page: Page): T[] {
  return all.slice(page.offset, page.offset + page.limit);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
