import type { CallEntry } from './call-log.js';

/** By action, then by `host|uin|userId`. */
type Counts = Record<string, Record<string, number>>;

/**
 * The most calls of each bucket in any one second, counted anew from the log and sharing nothing with the limiter, so
 * that each can prove the other wrong. A second is half-open: two calls exactly 1000 ms apart never share one.
 */
export function maxArrivalsInAnySecond(calls: CallEntry[]): Counts {
  const timesByAction: Record<string, Record<string, number[]>> = {};
  for (const call of calls) {
    if (call.action === null || call.uin === null || call.userId === null) continue;
    const bucket = `${call.host}|${call.uin}|${call.userId.split(':', 1)[0]}`;
    const ofAction = (timesByAction[call.action] ??= {});
    (ofAction[bucket] ??= []).push(call.arrivedAtMs);
  }
  return mapRecord(timesByAction, (buckets) => mapRecord(buckets, densestSecond));
}

/** What the key says null of is not counted. */
export function countBy<T>(items: T[], key: (item: T) => string | null): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) {
    const name = key(item);
    if (name !== null) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

export interface TwiceCreated {
  uin: string;
  region: string;
  name: string;
  imageIds: string[];
}

/** Names for which more than one image was created in an account and region: the sign of a call sent twice. */
export function namesCreatedTwice(calls: CallEntry[]): TwiceCreated[] {
  const byName = new Map<string, TwiceCreated>();
  for (const { uin, region, imageName: name, imageId } of calls) {
    if (uin === null || region === null || name === null || imageId === null) continue;
    const key = JSON.stringify([uin, region, name]);
    const created = byName.get(key) ?? { uin, region, name, imageIds: [] };
    created.imageIds.push(imageId);
    byName.set(key, created);
  }
  return [...byName.values()].filter((created) => created.imageIds.length > 1);
}

function densestSecond(timesMs: number[]): number {
  const ordered = timesMs.toSorted((left, right) => left - right);
  let first = 0;
  let densest = 0;
  ordered.forEach((timeMs, last) => {
    while (timeMs - (ordered[first] ?? timeMs) >= 1000) first += 1;
    densest = Math.max(densest, last - first + 1);
  });
  return densest;
}

function mapRecord<T, U>(record: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
