import { validateSync } from 'class-validator';
import { EnvKeySource } from '#libs/sealing';
import { Secret } from '#libs/secret';
import { SettingFault } from './parsers.js';
import { alternativesOf, type VariableSpec, variablesOf } from './variable.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment does not fit; `faults` has one line for each variable, by name, with no values. */
export class BadSettings extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`the environment does not fit:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  }
}

/** Reads all of a settings class from the environment, or throws `BadSettings` with every fault at once. */
export function readSettings<Settings extends object>(
  settingsClass: new () => Settings,
  environment: Environment,
): Settings {
  const settings = new settingsClass();
  const faults: string[] = [];
  const parsed = new Map<string, VariableSpec>();

  const alternatives = alternativesOf(settingsClass);
  for (const spec of variablesOf(settingsClass)) {
    const among = alternatives.find(([first]) => first === spec.name);
    if (among !== undefined) faults.push(...faultsAmong(among, environment));
    const value = textOf(spec.name, environment) ?? spec.default;
    if (value === undefined) {
      if (spec.optional === true) Reflect.set(settings, spec.property, null);
      else faults.push(`${spec.name} is required`);
      continue;
    }
    try {
      Reflect.set(settings, spec.property, spec.parse(value));
      parsed.set(spec.property, spec);
    } catch (error) {
      if (!(error instanceof SettingFault)) throw error;
      faults.push(`${spec.name} ${error.message}`);
    }
  }

  for (const { property, constraints } of validateSync(settings, { skipMissingProperties: true })) {
    const spec = parsed.get(property);
    if (spec === undefined) continue;
    const reasons = Object.values(constraints ?? {}).map((reason) => reason.replace(`${property} `, ''));
    faults.push(`${spec.name} ${reasons.join('; ')}`);
  }

  if (faults.length > 0) throw new BadSettings(faults);
  return settings;
}

/** An empty variable counts as unset. */
function textOf(name: string, environment: Environment): string | undefined {
  return environment[name] === '' ? undefined : environment[name];
}

function faultsAmong(names: readonly string[], environment: Environment): readonly string[] {
  const given = names.filter((name) => textOf(name, environment) !== undefined);
  if (given.length === 0) return [`${names.join(' or ')} is required`];
  return given.length === 1 ? [] : [`${given.join(' and ')} must not both be set`];
}

/** Every setting by its variable's name, fit for a log line: of a secret only that it is configured. */
export function describeSettings(settings: object): Record<string, unknown> {
  return Object.fromEntries(
    variablesOf(settings.constructor).map(({ name, property }) => {
      const value: unknown = Reflect.get(settings, property);
      return [name, holdsSecret(value) ? { configured: true } : value];
    }),
  );
}

/** The names of all variables that a settings class reads, and whether each must be set. */
export function environmentNames(
  settingsClass: object,
): readonly { readonly name: string; readonly required: boolean }[] {
  return variablesOf(settingsClass).map((spec) => ({
    name: spec.name,
    required: spec.default === undefined && spec.optional !== true,
  }));
}

function holdsSecret(value: unknown): boolean {
  if (value instanceof Secret || value instanceof EnvKeySource) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(holdsSecret);
}
