import { setTimeout as sleep } from 'node:timers/promises';
import { EventStore, Outbox } from '#libs/events';
import { type AccountId, type EventId, newId, type TenantId } from '#libs/ids';
import type { SystemPostgres } from '#libs/postgres';
import type { Hints } from '#libs/redis';
import { monotonicMs } from './monotonic.js';
import { type Step, stepsOf, TYPES } from './plan.js';

/** An event that is committed. */
export interface WrittenEvent {
  readonly id: EventId;
  readonly subject: string;
  readonly nth: Step['nth'];
  /** Which of the accounts it is of. */
  readonly account: number;
  /** By the machine's monotonic clock. */
  readonly committedAtMs: number;
}

/** What the service itself wrote of a request's three events. */
export type Models = readonly Readonly<Record<string, unknown>>[];

/** So far apart are the events of one request, in time. */
const APART_MS = 500;
const WRITTEN_AT_ONCE = 8;

/** Writes events as the service does, each in a transaction of its own; what becomes of them is the workers' business. */
export class EventWriter {
  private readonly outbox: Outbox;

  constructor(
    private readonly postgres: SystemPostgres,
    hints: Hints,
    private readonly tenantId: TenantId,
    private readonly accounts: readonly AccountId[],
    private readonly models: Models,
  ) {
    this.outbox = new Outbox(postgres, new EventStore(), hints);
  }

  /** Writes the events of so many requests, one after the other's time, whether or not the one before is written yet. */
  async writePaced(requests: number, eventsPerSecond: number): Promise<readonly WrittenEvent[]> {
    const apart = Math.ceil((eventsPerSecond * APART_MS) / 1000 / TYPES.length);
    const writing = new Map<number, Promise<WrittenEvent>>();
    const all: Promise<WrittenEvent>[] = [];
    const subjects = newSubjects(requests);
    const beganMs = monotonicMs();
    for (const [n, step] of stepsOf(requests, apart).entries()) {
      const waitMs = beganMs + (n * 1000) / eventsPerSecond - monotonicMs();
      if (waitMs > 1) await sleep(waitMs);
      const before = writing.get(step.request);
      const written = (async () => {
        await before;
        return this.write(step, subjects);
      })();
      writing.set(step.request, written);
      all.push(written);
    }
    return Promise.all(all);
  }

  /** Writes the events of so many requests as fast as it can. */
  async writeAll(requests: number): Promise<readonly WrittenEvent[]> {
    const subjects = newSubjects(requests);
    const written: WrittenEvent[] = [];
    let next = 0;
    const writer = async (): Promise<void> => {
      for (let request = next++; request < requests; request = next++) {
        for (const nth of [0, 1, 2] as const) written.push(await this.write({ request, nth }, subjects));
      }
    };
    await Promise.all(Array.from({ length: WRITTEN_AT_ONCE }, writer));
    return written;
  }

  private async write({ request, nth }: Step, subjects: readonly string[]): Promise<WrittenEvent> {
    const account = request % this.accounts.length;
    const accountId = this.accounts[account] ?? null;
    const subject = subjects[request] ?? '';
    const data = { imageRequest: { ...this.models[nth], id: subject, accountId, imageName: `image-${subject}` } };
    const event = { tenantId: this.tenantId, accountId, type: TYPES[nth], subject, data } as const;
    const { id } = await this.postgres.transaction((tx) => this.outbox.append(tx, event, new Date()));
    return { id, subject, nth, account, committedAtMs: monotonicMs() };
  }
}

function newSubjects(count: number): readonly string[] {
  return Array.from({ length: count }, () => newId('ireq'));
}
