import { waitFor } from '#libs/testing';
import type { WrittenEvent } from './event-writer.js';
import { type Outcome, outcomeOf } from './verdict.js';
import { eventsFor, type Stage } from './stage.js';

/** What became of the events at these receivers, once each has all of them, or the time is over. */
export async function arrivedAt(
  stage: Stage,
  wanted: readonly number[],
  written: readonly WrittenEvent[],
  withinMs: number,
): Promise<Outcome> {
  const counts = new Map(wanted.map((receiver) => [receiver, eventsFor(receiver, written).length]));
  const isThere = async (): Promise<boolean> => {
    const taken = await stage.receivers.taken();
    return wanted.every((receiver) => (taken[receiver] ?? 0) >= (counts.get(receiver) ?? 0));
  };
  // What is missing by then is said in the outcome.
  await waitFor(isThere, { timeoutMs: withinMs, intervalMs: 100 }).catch(() => undefined);
  return outcomeOf(wanted, written, await stage.sequences(), await stage.receivers.arrivals());
}
