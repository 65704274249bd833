import { type ArgumentMetadata, type PipeTransform, type Type } from '@nestjs/common';
import { validate } from 'class-validator';
import { InvalidInput, type InputFault } from '#libs/errors';
import { bodyPointer, faultsIn, queryPointer, unknownField } from './input-faults.js';
import { instantiate } from './instantiate.js';
import { textFaults } from './text-faults.js';

const PRIMITIVES: readonly unknown[] = [undefined, Object, String, Number, Boolean, Array];

/**
 * Checks bodies and queries against their class and names every fault at once. Nothing is converted in a body: a number
 * in quotes is a fault. What the class does not name is a fault too.
 */
export class InputPipe implements PipeTransform {
  async transform(value: unknown, { type, metatype }: ArgumentMetadata): Promise<unknown> {
    if (PRIMITIVES.includes(metatype)) return value;
    if (type === 'body') return checkedBody(metatype as Type<object>, value);
    if (type === 'query') return checkedQuery(metatype as Type<object>, value);
    return value;
  }
}

/** The body as an instance of its class, or `InvalidInput` with all its faults. */
export async function checkedBody<Dto extends object>(dto: Type<Dto>, body: unknown): Promise<Dto> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new InvalidInput([{ pointer: '', code: 'wrong_type', detail: 'must be a JSON object' }]);
  return checked(dto, body, bodyPointer);
}

/** `a.b=…` is what a query has for the member `b` of `a`. */
async function checkedQuery<Dto extends object>(dto: Type<Dto>, query: unknown): Promise<Dto> {
  return checked(dto, foldDots(query as Readonly<Record<string, unknown>>), queryPointer);
}

async function checked<Dto extends object>(
  dto: Type<Dto>,
  value: object,
  pointerOf: (path: readonly string[]) => string,
): Promise<Dto> {
  // Before anything recurses into it: a body may be nested deeper than the stack.
  const unfit = textFaults(value, pointerOf);
  if (unfit.length > 0) throw new InvalidInput(unfit);

  const { instance, unknown } = instantiate(dto, value);
  const errors = await validate(instance, { whitelist: true, forbidNonWhitelisted: true });
  const faults: readonly InputFault[] = [
    ...faultsIn(errors, pointerOf),
    ...unknown.map((path) => unknownField(pointerOf(path))),
  ];
  if (faults.length > 0) throw new InvalidInput(faults);
  return instance;
}

/** By maps, not by plain objects: a caller chooses the names, and `__proto__` or `constructor` must be names like any other. */
function foldDots(query: Readonly<Record<string, unknown>>): object {
  const folded = new Map<string, unknown>();
  const groups = new Map<string, Map<string, unknown>>();
  for (const [name, value] of Object.entries(query)) {
    const dot = name.indexOf('.');
    if (dot < 0) {
      folded.set(name, value);
      continue;
    }
    const group = groups.get(name.slice(0, dot)) ?? new Map<string, unknown>();
    groups.set(name.slice(0, dot), group.set(name.slice(dot + 1), value));
  }
  for (const [name, members] of groups) folded.set(name, Object.fromEntries(members));
  return Object.fromEntries(folded);
}
