import type { Type } from '@nestjs/common';
import { ValidateNested } from 'class-validator';
import 'reflect-metadata';

/** What a member of a body or query becomes before it is validated. */
interface Reading {
  readonly nested?: () => Type<object>;
  readonly convert?: (value: unknown) => unknown;
}

const READINGS = Symbol('how members are read');

/**
 * These would put another class or another prototype under the instance, and with it no rules at all. No class names
 * them, so they are unknown fields.
 */
const NEVER_COPIED = ['constructor', '__proto__'];

/** The member, or each item of the list that it is, is checked by the rules of a class of its own. */
export function Nested(type: () => Type<object>): PropertyDecorator {
  return (target, property) => {
    ValidateNested()(target, property);
    read(target, property, { nested: type });
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
    if (NEVER_COPIED.includes(name)) {
      unknown.push([...path, name]);
      continue;
    }
    const { nested, convert } = readingOf(instance, name);
    if (nested === undefined) {
      Reflect.set(instance, name, convert === undefined ? value : convert(value));
      continue;
    }
    const inner = (member: unknown, at: readonly string[]): unknown => {
      if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
      const made = instantiate(nested(), member, at);
      unknown.push(...made.unknown);
      return made.instance;
    };
    const at = [...path, name];
    const members = Array.isArray(value) ? value.map((item, index) => inner(item, [...at, String(index)])) : null;
    Reflect.set(instance, name, members ?? inner(value, at));
  }
  return { instance, unknown };
}

function read(target: object, property: string | symbol, reading: Reading): void {
  Reflect.defineMetadata(READINGS, reading, target, property);
}

function readingOf(instance: object, name: string): Reading {
  return (Reflect.getMetadata(READINGS, instance, name) as Reading | undefined) ?? {};
}
