import { ACTION_NAMES } from '../actions/action-names.js';
import {
  fields,
  flag,
  integerFrom,
  JsonFault,
  numberFrom,
  oneOf,
  optional,
  text,
  type Reader,
} from '../json-reader.js';

/** `image` faults change the image that the call creates, `timing` faults when it is carried out, `answer` faults what comes back. */
export type FaultFamily = 'image' | 'timing' | 'answer';

export type Fault =
  | { kind: 'create-failed' }
  | { kind: 'invisible'; ms: number }
  | { kind: 'delay'; minMs: number; maxMs: number }
  | { kind: 'error' | 'error-after'; code: string; message: string }
  | { kind: 'reset-before' | 'reset-after' }
  | { kind: 'hang-before' | 'hang-after'; ms: number | null }
  | { kind: 'bad-gateway'; after: boolean }
  | { kind: 'redirect'; location: string; status: number }
  | { kind: 'truncated' | 'garbage' | 'empty' | 'no-response-key' };

export type FaultKind = Fault['kind'];
export type AnswerFault = Exclude<Fault, { kind: 'create-failed' | 'invisible' | 'delay' }>;

export interface FaultMatch {
  action: string | undefined;
  /** Exact, or a prefix when it ends in `*`. */
  imageName: string | undefined;
  instanceId: string | undefined;
  host: string | undefined;
  secretId: string | undefined;
  uin: string | undefined;
}

export interface FaultRule {
  match: FaultMatch;
  /** Strikes at most so many calls. */
  times: number | undefined;
  /** Strikes this share of the matching calls, drawn from the seed. */
  share: number;
  /** Lets so many matching calls pass first. */
  skip: number;
  effect: Fault;
}

const milliseconds = numberFrom(0);
const oneKind = <const K extends FaultKind>(kind: K) => oneOf([kind]);
const failure = { code: text, message: optional(text, 'A fault rule of the simulator says so.') };
const delayFields = fields({
  kind: oneKind('delay'),
  ms: optional(milliseconds),
  minMs: optional(milliseconds, 0),
  maxMs: optional(milliseconds, 0),
});

const READERS: { [K in FaultKind]: Reader<Fault> } = {
  'create-failed': fields({ kind: oneKind('create-failed') }),
  invisible: fields({ kind: oneKind('invisible'), ms: milliseconds }),
  delay: (value, path) => {
    const { kind, ms, minMs, maxMs } = delayFields(value, path);
    return ms === undefined ? { kind, minMs, maxMs: Math.max(minMs, maxMs) } : { kind, minMs: ms, maxMs: ms };
  },
  error: fields({ kind: oneKind('error'), ...failure }),
  'error-after': fields({ kind: oneKind('error-after'), ...failure }),
  'reset-before': fields({ kind: oneKind('reset-before') }),
  'reset-after': fields({ kind: oneKind('reset-after') }),
  'hang-before': fields({ kind: oneKind('hang-before'), ms: optional(milliseconds, null) }),
  'hang-after': fields({ kind: oneKind('hang-after'), ms: optional(milliseconds, null) }),
  'bad-gateway': fields({ kind: oneKind('bad-gateway'), after: optional(flag, false) }),
  redirect: fields({ kind: oneKind('redirect'), location: text, status: optional(integerFrom(301, 308), 302) }),
  truncated: fields({ kind: oneKind('truncated') }),
  garbage: fields({ kind: oneKind('garbage') }),
  empty: fields({ kind: oneKind('empty') }),
  'no-response-key': fields({ kind: oneKind('no-response-key') }),
};

const FAULT_KINDS = Object.keys(READERS) as FaultKind[];

const effect: Reader<Fault> = (value, path) => {
  if (typeof value !== 'object' || value === null) throw new JsonFault(`${path} must be an object with a kind`);
  const kind = oneOf(FAULT_KINDS)('kind' in value ? value.kind : undefined, `${path}.kind`);
  return READERS[kind](value, path);
};

const match = fields({
  action: optional(oneOf(ACTION_NAMES)),
  imageName: optional(text),
  instanceId: optional(text),
  host: optional(text),
  secretId: optional(text),
  uin: optional(text),
});

export const readFaultRule: Reader<FaultRule> = fields({
  match: optional(match, match({}, 'match')),
  times: optional(integerFrom(1)),
  share: optional(numberFrom(0, 1), 1),
  skip: optional(integerFrom(0), 0),
  effect,
});

export function familyOf(fault: Fault): FaultFamily {
  if (fault.kind === 'create-failed' || fault.kind === 'invisible') return 'image';
  return fault.kind === 'delay' ? 'timing' : 'answer';
}

/** True for a fault that keeps the call from being carried out at all. */
export function strikesBefore(fault: AnswerFault): boolean {
  if (fault.kind === 'bad-gateway') return !fault.after;
  return ['error', 'reset-before', 'hang-before', 'redirect'].includes(fault.kind);
}
