import { readFaultRule } from '../faults/fault.js';
import { listOf } from '../json-reader.js';
import type { ControlCall } from './control-call.js';

export function list({ cloud }: ControlCall): unknown {
  return { data: cloud.faults.all() };
}

/** One rule or a list of rules; they stand behind those already there. Either all are taken or none. */
export function add({ cloud, body }: ControlCall): unknown {
  const rules = listOf(readFaultRule)(Array.isArray(body) ? body : [body], 'faults');
  return { data: rules.map((rule) => cloud.faults.add(rule)) };
}

export function clear({ cloud }: ControlCall): void {
  cloud.faults.clear();
}
