import { countBy, maxArrivalsInAnySecond, namesCreatedTwice } from '../records/call-stats.js';
import type { CallEntry } from '../records/call-log.js';
import { ControlError } from './control-error.js';
import type { ControlCall } from './control-call.js';

export function calls({ cloud, query }: ControlCall): unknown {
  const [action, uin, since] = [query.get('action'), query.get('uin'), query.get('since')];
  const isLater = since === null ? () => true : laterThan(since);
  const found = cloud.calls
    .all()
    .filter((call) => action === null || call.action === action)
    .filter((call) => uin === null || call.uin === uin)
    .filter(isLater);
  return { data: found };
}

export function clearCalls({ cloud }: ControlCall): void {
  cloud.calls.clear();
}

export function stats({ cloud }: ControlCall): unknown {
  const all = cloud.calls.all();
  const images = cloud.images.all();
  return {
    calls: countBy(all, (call) => call.action),
    rejected: countBy(all, (call) => (call.rateLimited ? call.action : null)),
    codes: countBy(all, (call) => call.code),
    faults: countBy(all, (call) => call.fault),
    maxArrivalsInAnySecond: maxArrivalsInAnySecond(all),
    maxAdmittedInAnySecond: maxArrivalsInAnySecond(all.filter((call) => !call.rateLimited)),
    namesCreatedTwice: namesCreatedTwice(all),
    images: { total: images.length, byState: countBy(images, (image) => cloud.images.stateOf(image)) },
  };
}

/** A whole number means "after call number n"; anything else must be a time, and means "at or after it". */
function laterThan(since: string): (call: CallEntry) => boolean {
  if (/^\d+$/.test(since)) return (call) => call.n > Number(since);
  const sinceMs = Date.parse(since);
  if (Number.isNaN(sinceMs)) throw new ControlError(400, 'since must be a call number or an ISO time');
  return (call) => Date.parse(call.at) >= sinceMs;
}
