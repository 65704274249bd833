import type { EventId } from '#libs/ids';
import type { WrittenEvent } from './event-writer.js';
import type { Arrival } from './receivers/conduct.js';
import { eventsFor } from './stage.js';

/** What became of events at endpoints that work. */
export interface Outcome {
  readonly deliveries: number;
  /** From each event's commit to its first arrival that was taken. */
  readonly latenciesMs: readonly number[];
  readonly lastAtMs: number;
  readonly repeated: number;
  /** What must never happen and did, in words. */
  readonly breaches: readonly string[];
}

/** Holds what came against what was written: all of it, with its sequence number, each request's in order, and nothing else. */
export function outcomeOf(
  receivers: readonly number[],
  written: readonly WrittenEvent[],
  sequences: ReadonlyMap<EventId, number>,
  arrivals: readonly Arrival[],
): Outcome {
  const byReceiver = Map.groupBy(arrivals, ({ receiver }) => receiver);
  const latenciesMs: number[] = [];
  const count = { expected: 0, lost: 0, repeated: 0, misnumbered: 0, stray: 0, disordered: 0 };
  for (const receiver of receivers) {
    const own = eventsFor(receiver, written);
    const came = byReceiver.get(receiver) ?? [];
    const taken = came.filter(({ isTaken }) => isTaken);
    const first = firstOf(taken);
    const ids = new Set<string>(own.map(({ id }) => id));
    count.expected += own.length;
    count.repeated += taken.length - first.size;
    count.stray += came.filter(({ eventId }) => !ids.has(eventId)).length;
    for (const event of own) {
      const arrival = first.get(event.id);
      if (arrival === undefined) count.lost += 1;
      else latenciesMs.push(arrival.atMs - event.committedAtMs);
      if (arrival !== undefined && arrival.sequence !== sequences.get(event.id)) count.misnumbered += 1;
    }
    count.disordered += disorderedAmong(own, came);
  }
  return {
    deliveries: latenciesMs.length,
    latenciesMs,
    lastAtMs: Math.max(...arrivals.filter(({ isTaken }) => isTaken).map(({ atMs }) => atMs)),
    repeated: count.repeated,
    breaches: [
      ...(count.expected === 0 ? ['nothing was sent'] : []),
      ...(count.lost > 0 ? [`${count.lost} lost`] : []),
      ...(count.stray > 0 ? [`${count.stray} that nobody wanted`] : []),
      ...(count.misnumbered > 0 ? [`${count.misnumbered} with a wrong sequence`] : []),
      ...(count.disordered > 0 ? [`${count.disordered} out of order`] : []),
    ],
  };
}

/** Requests, one of whose events was tried ahead of the one before being taken. */
function disorderedAmong(own: readonly WrittenEvent[], came: readonly Arrival[]): number {
  const nths = new Map<string, number>(own.map(({ id, nth }) => [id, nth]));
  const next = new Map<string, number>();
  const disordered = new Set<string>();
  for (const { eventId, subject, isTaken } of came) {
    const nth = nths.get(eventId) ?? 0;
    const due = next.get(subject) ?? 0;
    if (nth > due) disordered.add(subject);
    if (nth === due && isTaken) next.set(subject, due + 1);
  }
  return disordered.size;
}

function firstOf(arrivals: readonly Arrival[]): ReadonlyMap<string, Arrival> {
  const first = new Map<string, Arrival>();
  for (const arrival of arrivals) if (!first.has(arrival.eventId)) first.set(arrival.eventId, arrival);
  return first;
}
