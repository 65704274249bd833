import 'reflect-metadata';
import { ValidateBy, type ValidationArguments } from 'class-validator';

/** Turns the text of a variable into its value; throws a `SettingFault` whose words never contain the text itself. */
export type Parse<Value> = (text: string) => Value;

export interface VariableOptions {
  /** The text that stands in when the variable is unset or empty. Without it, and unless `optional`, it is required. */
  readonly default?: string;
  /** May be left out; the property is then `null`. */
  readonly optional?: boolean;
}

export interface VariableSpec extends VariableOptions {
  readonly name: string;
  readonly property: string;
  readonly parse: Parse<unknown>;
}

const SPECS = Symbol('environment variables');

/** Says which environment variable a property of a settings class is read from, and how. */
export function Variable(name: string, parse: Parse<unknown>, options: VariableOptions = {}): PropertyDecorator {
  return (target, property) => {
    const inherited = variablesOf(target.constructor);
    Reflect.defineMetadata(
      SPECS,
      [...inherited, { name, property: String(property), parse, ...options }],
      target.constructor,
    );
  };
}

/** Of two settings that mean something only together, neither may be set alone; `property` is the other one. */
export function GoesWith(property: string): PropertyDecorator {
  const isSet = ({ object }: ValidationArguments): boolean => (Reflect.get(object, property) ?? null) !== null;
  const nameOf = ({ object }: ValidationArguments): string =>
    variablesOf(object.constructor).find((spec) => spec.property === property)?.name ?? property;
  return ValidateBy({
    name: 'goesWith',
    validator: {
      validate: (_value, args) => args !== undefined && isSet(args),
      defaultMessage: (args) =>
        `means nothing without ${args === undefined ? property : nameOf(args)}: set both or neither`,
    },
  });
}

/** Every variable that a settings class reads, those of its base classes first. */
export function variablesOf(settingsClass: object): readonly VariableSpec[] {
  return (Reflect.getMetadata(SPECS, settingsClass) as VariableSpec[] | undefined) ?? [];
}

const ALTERNATIVES = Symbol('variables of which exactly one must be set');

/** Says of optional variables of a settings class that exactly one of them must be set. */
export function ExactlyOneOf(...names: readonly string[]): ClassDecorator {
  return (settingsClass) => {
    const inherited = alternativesOf(settingsClass);
    Reflect.defineMetadata(ALTERNATIVES, [...inherited, names], settingsClass);
  };
}

/** The groups of variables of which exactly one must be set, those of base classes first. */
export function alternativesOf(settingsClass: object): readonly (readonly string[])[] {
  return (Reflect.getMetadata(ALTERNATIVES, settingsClass) as string[][] | undefined) ?? [];
}
