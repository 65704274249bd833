import type { SystemPostgres } from '#libs/postgres';
import type { ReceivedRequest } from './received-request.js';

/** Looks at what a test leaves behind. It throws for what should not be there. */
export interface Inspection {
  /** Before a database is dropped. */
  database(postgres: SystemPostgres): Promise<void>;
  /** When a receiver closes, of each request that it got. */
  request(request: ReceivedRequest): Promise<void>;
}

const inspections = new Set<Inspection>();
const faults: Error[] = [];

/**
 * From here on, everything that this file makes is inspected as it goes, without any test having to ask for it. Safe to
 * repeat with the same inspection.
 */
export function inspectAll(inspection: Inspection): void {
  inspections.add(inspection);
}

/**
 * What the inspections found since this was last asked. They do not throw where they find it: that is in the middle of
 * taking things down, and what was left standing would keep the run from ending.
 */
export function takeInspectionFaults(): readonly Error[] {
  return faults.splice(0);
}

export async function inspectDatabase(postgres: SystemPostgres): Promise<void> {
  for (const inspection of inspections) await inspection.database(postgres).catch(note);
}

export async function inspectRequests(requests: readonly ReceivedRequest[]): Promise<void> {
  for (const inspection of inspections) for (const request of requests) await inspection.request(request).catch(note);
}

function note(error: unknown): void {
  faults.push(error instanceof Error ? error : new Error(String(error)));
}
