import type { Type } from '@nestjs/common';
import { ValidateNested } from 'class-validator';
import 'reflect-metadata';

/** What a member of a body or query becomes before it is validated. */
interface Reading {
  readonly nested?: () => Type<object>;
  readonly isList?: boolean;
  readonly convert?: (value: unknown) => unknown;
}

const READINGS = Symbol('how members are read');

/**
 * What every object has by birth, `constructor` and `__proto__` among it. No class names them as members, so they are
 * unknown fields; as members they would also get past the validator, or put another class under the instance.
 */
const INBORN: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Stands for an array where an object belongs: no rule of any class takes it for one. */
const NOT_AN_OBJECT = 'an array';

/** The member is an object, checked by the rules of a class of its own. */
export function Nested(type: () => Type<object>): PropertyDecorator {
  return (target, property) => {
    ValidateNested()(target, property);
    read(target, property, { nested: type });
  };
}

/** The member is a list of such objects. */
export function NestedList(type: () => Type<object>): PropertyDecorator {
  return (target, property) => {
    ValidateNested({ each: true })(target, property);
    read(target, property, { nested: type, isList: true });
  };
}

/** Queries know only text: `convert` makes of it what the rules expect, and leaves alone what it cannot read. */
export function Converted(convert: (value: unknown) => unknown): PropertyDecorator {
  return (target, property) => read(target, property, { convert });
}

/**
 * A plain object as an instance of its class, so that the rules of the class can be checked. Only members that the class
 * says are nested become instances too; all others, the caller's own maps among them, are taken as they are.
 */
export function instantiate<Dto extends object>(
  dto: Type<Dto>,
  plain: object,
  path: readonly string[] = [],
): { readonly instance: Dto; readonly unknown: readonly (readonly string[])[] } {
  const instance = new dto();
  const unknown: (readonly string[])[] = [];
  for (const [name, value] of Object.entries(plain) as [string, unknown][]) {
    if (INBORN.has(name)) {
      unknown.push([...path, name]);
      continue;
    }
    const { nested, convert, isList = false } = readingOf(instance, name);
    if (nested === undefined) {
      Reflect.set(instance, name, convert === undefined ? value : convert(value));
      continue;
    }
    const inner = (member: unknown, at: readonly string[]): unknown => {
      if (Array.isArray(member)) return NOT_AN_OBJECT;
      if (typeof member !== 'object' || member === null) return member;
      const made = instantiate(nested(), member, at);
      unknown.push(...made.unknown);
      return made.instance;
    };
    const at = [...path, name];
    const members =
      isList && Array.isArray(value)
        ? value.map((item, index) => inner(item, [...at, String(index)]))
        : inner(value, at);
    Reflect.set(instance, name, members);
  }
  return { instance, unknown };
}

function read(target: object, property: string | symbol, reading: Reading): void {
  Reflect.defineMetadata(READINGS, reading, target, property);
}

function readingOf(instance: object, name: string): Reading {
  return (Reflect.getMetadata(READINGS, instance, name) as Reading | undefined) ?? {};
}
