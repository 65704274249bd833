import type { ValidationError } from 'class-validator';
import type { InputFault } from '#libs/errors';
import { withoutKeys } from '#libs/secret';
import type { FaultCode } from './fault-codes.js';
import type { Check } from './rules.js';

/** Fault codes of class-validator's own rules; rules of ours bring theirs along. */
const CODE_OF_RULE: Readonly<Record<string, FaultCode>> = {
  whitelistValidation: 'unknown_field',
  isDefined: 'required',
  isString: 'wrong_type',
  isBoolean: 'wrong_type',
  isInt: 'wrong_type',
  isArray: 'wrong_type',
  isObject: 'wrong_type',
  nestedValidation: 'wrong_type',
  unknownValue: 'wrong_type',
  isIn: 'unknown_value',
  matches: 'malformed',
  knownRegion: 'unknown_region',
  min: 'too_small',
  max: 'too_large',
};

/** A missing field breaks every rule, one of the wrong type most: then the first of these is all there is to say. */
const OUTRANKS_OTHERS: readonly string[] = ['required', 'wrong_type'];

/** Every fault of a validated body or query, each where it is. Never repeats a value. */
export function faultsIn(
  errors: readonly ValidationError[],
  pointerOf: (path: readonly string[]) => string,
  at: readonly string[] = [],
): readonly InputFault[] {
  return errors.flatMap((error) => {
    const path = [...at, error.property];
    const own = ownFaults(error, path, pointerOf);
    // What is not there, or is something else altogether, has no members to speak of.
    if (own.some(({ pointer, code }) => pointer === pointerOf(path) && OUTRANKS_OTHERS.includes(code))) return own;
    return [...own, ...faultsIn(error.children ?? [], pointerOf, path)];
  });
}

/** RFC 6901. A key that somebody took for the name of a field is not repeated. */
export function bodyPointer(path: readonly string[]): string {
  return path.map((part) => `/${withoutKeys(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

export function queryPointer(path: readonly string[]): string {
  return `?${withoutKeys(path.join('.'))}`;
}

export function unknownField(pointer: string): InputFault {
  return { pointer, code: 'unknown_field', detail: 'is not known' };
}

function ownFaults(
  error: ValidationError,
  path: readonly string[],
  pointerOf: (path: readonly string[]) => string,
): readonly InputFault[] {
  const faults = Object.entries(error.constraints ?? {}).flatMap(([rule, message]): InputFault[] => {
    const check = (error.contexts?.[rule] as { check?: Check } | undefined)?.check;
    if (check !== undefined) {
      return check(error.value, error.target ?? {}).map(({ at = [], code, detail }) => ({
        pointer: pointerOf([...path, ...at]),
        code,
        detail,
      }));
    }
    const code = CODE_OF_RULE[rule];
    if (code === undefined) throw new Error(`the rule ${rule} has no fault code`);
    if (code === 'unknown_field') return [unknownField(pointerOf(path))];
    return [{ pointer: pointerOf(path), code, detail: detailOf(error, code, message) }];
  });
  const here = faults.filter((fault) => fault.pointer === pointerOf(path));
  const outranking = OUTRANKS_OTHERS.map((code) => here.find((fault) => fault.code === code)).find(Boolean);
  return outranking === undefined ? faults : [outranking];
}

function detailOf(error: ValidationError, code: string, message: string): string {
  if (code === 'required') return 'is required';
  if (message.startsWith('nested property') || message.startsWith('each value in nested')) return 'must be an object';
  return message.replace(`${error.property} `, '');
}
