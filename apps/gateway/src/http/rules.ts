import { registerDecorator } from 'class-validator';
import { withoutKeys } from '#libs/secret';
import type { FaultCode } from './fault-codes.js';

/** One fault that a rule found; `at` leads from the field it stands on to what is wrong, such as `['1']` for a list's second item. */
export interface RuleFault {
  readonly at?: readonly string[];
  readonly code: FaultCode;
  readonly detail: string;
}

/** Finds all faults of a field's value. `dto` is the whole object, for rules that look at two fields. */
export type Check = (value: unknown, dto: object) => readonly RuleFault[];

/** A rule of our own as a class-validator decorator: unlike the stock ones it tells where in a list or map the fault is. */
export function Rule(name: string, check: Check): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: String(property),
      options: { context: { check } },
      validator: {
        validate: (value, args) => check(value, args?.object ?? {}).length === 0,
        defaultMessage: () => name,
      },
    });
  };
}

const CONTROL = /\p{Cc}/u;

/** Text of some length in Unicode code points, so that a character counts as one whatever its script. */
export function Text(length: { readonly min: number; readonly max: number }): PropertyDecorator {
  return Rule('text', (value) => textRule(value, length));
}

const HOLDS_KEY = 'holds what looks like a key or a secret, which must not stand where everybody may read it';

/** For what is logged and audited in clear. */
export function HoldsNoKey(): PropertyDecorator {
  return Rule('holdsNoKey', (value) =>
    typeof value === 'string' && withoutKeys(value) !== value ? [{ code: 'holds_key', detail: HOLDS_KEY }] : [],
  );
}

/** Text that names something: not blank, nothing in it that a list or a terminal would not show, and no key. */
export function Name(length: { readonly min: number; readonly max: number }): PropertyDecorator {
  return Rule('name', (value) => {
    const faults = textRule(value, length);
    if (typeof value !== 'string' || faults.length > 0) return faults;
    if (value.trim() === '') return [{ code: 'blank', detail: 'must not be blank' }];
    if (CONTROL.test(value)) return [{ code: 'control_character', detail: 'must not contain control characters' }];
    return withoutKeys(value) === value ? [] : [{ code: 'holds_key', detail: HOLDS_KEY }];
  });
}

interface Size {
  readonly min: number;
  readonly max: number;
}

/** A list of different texts of one form. Says which item is wrong. */
export function ListOf(pattern: RegExp, size: Size): PropertyDecorator {
  const fault: RuleFault = { code: 'malformed', detail: `must match ${pattern.source}` };
  return listRule('listOf', size, (item) => (pattern.test(item) ? null : fault));
}

/** A list of different values out of a closed set. */
export function ListFrom(known: readonly string[], size: Size): PropertyDecorator {
  const fault: RuleFault = { code: 'unknown_value', detail: `must be one of ${known.join(', ')}` };
  return listRule('listFrom', size, (item) => (known.includes(item) ? null : fault));
}

/** A list that one value can't be left out of. */
export function ListHolds(wanted: string): PropertyDecorator {
  return Rule('listHolds', (value) =>
    !Array.isArray(value) || value.includes(wanted) ? [] : [{ code: 'required', detail: `must hold ${wanted}` }],
  );
}

function listRule(name: string, size: Size, judge: (item: string) => RuleFault | null): PropertyDecorator {
  return Rule(name, (value) => {
    if (!Array.isArray(value)) return [wrongType('must be a list')];
    const sizeFaults = countFaults(value.length, size, 'items');
    if (sizeFaults.length > 0) return sizeFaults;
    return value.flatMap((item: unknown, index): RuleFault[] => {
      const at = [String(index)];
      if (typeof item !== 'string') return [{ at, ...wrongType('must be a string') }];
      const fault = judge(item);
      if (fault !== null) return [{ at, ...fault }];
      if (value.indexOf(item) < index) return [{ at, code: 'duplicate', detail: 'is in the list already' }];
      return [];
    });
  });
}

/** A map from the caller's own names to texts. */
export function TextMap(limits: {
  readonly pairsMax: number;
  readonly key: { readonly min: number; readonly max: number };
  readonly value: { readonly min: number; readonly max: number };
}): PropertyDecorator {
  return Rule('textMap', (map) => {
    if (typeof map !== 'object' || map === null || Array.isArray(map)) return [wrongType('must be an object')];
    const pairs = Object.entries(map) as [string, unknown][];
    const sizeFaults = countFaults(pairs.length, { min: 0, max: limits.pairsMax }, 'pairs');
    return [
      ...sizeFaults,
      ...pairs.flatMap(([key, value]) => [
        ...textRule(key, limits.key).map(({ code, detail }) => ({ at: [key], code, detail: `the name ${detail}` })),
        ...textRule(value, limits.value).map((fault) => ({ at: [key], ...fault })),
      ]),
    ];
  });
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

/** A time as RFC 3339 writes it; it stays a string. */
export function Timestamp(): PropertyDecorator {
  return Rule('timestamp', (value) => {
    if (typeof value !== 'string') return [wrongType('must be a string')];
    if (isTime(value)) return [];
    return [{ code: 'malformed', detail: 'must be a time as RFC 3339 writes it, such as 2026-01-31T12:00:00.000Z' }];
  });
}

/** The field excludes another one. */
export function ConflictsWith(other: string): PropertyDecorator {
  return Rule('conflictsWith', (_value, dto) => {
    const isGiven = (Reflect.get(dto, other) ?? null) !== null;
    return isGiven ? [{ code: 'conflict', detail: `must not be given together with ${other}` }] : [];
  });
}

/** The field, unless it is false, says nothing without another one. */
export function OnlyWith(other: string): PropertyDecorator {
  return Rule('onlyWith', (value, dto) => {
    const isMissing = (Reflect.get(dto, other) ?? null) === null;
    if (value === false || !isMissing) return [];
    const what = value === true ? 'may be true' : 'may be given';
    return [{ code: 'conflict', detail: `${what} only together with ${other}` }];
  });
}

export function textRule(
  value: unknown,
  { min, max }: { readonly min: number; readonly max: number },
): readonly RuleFault[] {
  if (typeof value !== 'string') return [wrongType('must be a string')];
  return countFaults([...value].length, { min, max }, 'characters', { few: 'too_short', many: 'too_long' });
}

function countFaults(
  count: number,
  { min, max }: { readonly min: number; readonly max: number },
  what: string,
  codes: { readonly few: FaultCode; readonly many: FaultCode } = { few: 'too_few', many: 'too_many' },
): readonly RuleFault[] {
  if (count < min) return [{ code: codes.few, detail: `must have at least ${min} ${what}` }];
  if (count > max) return [{ code: codes.many, detail: `must have at most ${max} ${what}` }];
  return [];
}

function wrongType(detail: string): RuleFault {
  return { code: 'wrong_type', detail };
}

/** `Date` takes the 30th of February for the 1st of March; a time that is not on the calendar is no time. */
function isTime(text: string): boolean {
  if (!TIME.test(text) || Number.isNaN(Date.parse(text))) return false;
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}
