import type { ValidationError } from 'class-validator';
import type { InputFault } from '#libs/errors';
import type { Check } from './rules.js';

/** Fault codes of class-validator's own rules; rules of ours bring theirs along. */
const CODE_OF_RULE: Readonly<Record<string, string>> = {
  whitelistValidation: 'unknown_field',
  isDefined: 'required',
  isString: 'wrong_type',
  isBoolean: 'wrong_type',
  isInt: 'wrong_type',
  isArray: 'wrong_type',
  isObject: 'wrong_type',
  nestedValidation: 'wrong_type',
  isIn: 'unknown_value',
  matches: 'malformed',
  min: 'too_small',
  max: 'too_large',
};

/** A missing field breaks every rule, one of the wrong type most: then the first of these is all there is to say. */
const OUTRANKS_OTHERS = ['required', 'wrong_type'];

/** Every fault of a validated body or query, each where it is. Never repeats a value. */
export function faultsIn(
  errors: readonly ValidationError[],
  pointerOf: (path: readonly string[]) => string,
  at: readonly string[] = [],
): InputFault[] {
  return errors.flatMap((error) => {
    const path = [...at, error.property];
    return [...ownFaults(error, path, pointerOf), ...faultsIn(error.children ?? [], pointerOf, path)];
  });
}

/** RFC 6901. */
export function bodyPointer(path: readonly string[]): string {
  return path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

export function queryPointer(path: readonly string[]): string {
  return `?${path.join('.')}`;
}

function ownFaults(
  error: ValidationError,
  path: readonly string[],
  pointerOf: (path: readonly string[]) => string,
): InputFault[] {
  const faults = Object.entries(error.constraints ?? {}).flatMap(([rule, message]): InputFault[] => {
    const check = (error.contexts?.[rule] as { check?: Check } | undefined)?.check;
    if (check !== undefined) {
      return check(error.value, error.target ?? {}).map(({ at = [], code, detail }) => ({
        pointer: pointerOf([...path, ...at]),
        code,
        detail,
      }));
    }
    const code = CODE_OF_RULE[rule] ?? rule;
    return [{ pointer: pointerOf(path), code, detail: detailOf(error, code, message) }];
  });
  const outranking = OUTRANKS_OTHERS.map((code) => faults.find((fault) => fault.code === code)).find(Boolean);
  return outranking === undefined ? faults : [outranking];
}

function detailOf(error: ValidationError, code: string, message: string): string {
  if (code === 'unknown_field') return 'is not known';
  if (code === 'required') return 'is required';
  if (message.startsWith('nested property') || message.startsWith('each value in nested')) return 'must be an object';
  return message.replace(`${error.property} `, '');
}
