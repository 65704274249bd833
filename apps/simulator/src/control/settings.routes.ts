import { ACTION_NAMES, type ActionName } from '../actions/action-names.js';
import type { Behaviour } from '../behaviour.js';
import {
  fields,
  flag,
  integerFrom,
  JsonFault,
  nullable,
  number,
  numberFrom,
  oneOf,
  optional,
  type Reader,
} from '../json-reader.js';
import type { ControlCall } from './control-call.js';

const milliseconds = numberFrom(0);

const limitReaders = Object.fromEntries(ACTION_NAMES.map((action) => [action, optional(integerFrom(0))])) as Record<
  ActionName,
  Reader<number | undefined>
>;

const latencyFields = fields({ min: milliseconds, max: milliseconds });

const latency: Reader<Behaviour['latencyMs']> = (value, path) => {
  const read = latencyFields(value, path);
  if (read.min > read.max) throw new JsonFault(`${path}.min must not exceed ${path}.max`);
  return read;
};

const readChange = fields({
  imageDurationMs: optional(milliseconds),
  visibilityDelayMs: optional(milliseconds),
  imageQuota: optional(integerFrom(0)),
  limits: optional(fields(limitReaders)),
  dryRunForm: optional(oneOf(['error', 'success'])),
  enforceUniqueNames: optional(flag),
  clockSkewMs: optional(number),
  latencyMs: optional(latency),
  chunked: optional(flag),
  temporaryKeyDurationMs: optional(nullable(milliseconds)),
});

export function health({ cloud }: ControlCall): unknown {
  return { status: 'ok', seed: cloud.options.seed };
}

export function reset({ cloud }: ControlCall): void {
  cloud.reset();
}

export function show({ cloud }: ControlCall): unknown {
  return cloud.behaviour;
}

export function change({ cloud, body }: ControlCall): unknown {
  const { limits, ...others } = readChange(body, 'settings');
  const merged = { ...cloud.behaviour.limits, ...withoutUndefined(limits ?? {}) };
  cloud.changeBehaviour({ ...withoutUndefined(others), limits: merged });
  return cloud.behaviour;
}

function withoutUndefined<T extends object>(record: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const set = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
