import 'reflect-metadata';

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
