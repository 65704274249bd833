import { waitFor } from '#libs/testing';
import { withRedis } from '../../../support/redis-books.js';
import { arrivedAt } from '../arrived.js';
import type { BenchCase } from '../bench-case.js';
import { monotonicMs } from '../monotonic.js';
import { requestsFor } from '../plan.js';
import { ENDPOINTS, FAN_OUT } from '../stage.js';

const ALL = Array.from({ length: ENDPOINTS }, (_, receiver) => receiver);

/** All receivers are down, so that deliveries pile up; Redis loses all it knew of them, and then the receivers are back. */
export const lostRedis: BenchCase = {
  name: 'lost-redis',
  title: 'FLUSHALL while deliveries are pending',
  run: async (stage, { pending }) => {
    const { receivers, service, writer } = stage;
    const subscriptions = await stage.subscribe(ALL);
    await receivers.behave(ALL.map(() => 'down'));
    await receivers.forget();
    const requests = requestsFor(pending / FAN_OUT);
    const written = await writer.writeAll(requests);
    const wait = { timeoutMs: 60_000, intervalMs: 50 };
    const promised = written.length * FAN_OUT;
    await waitFor(async () => (await stage.countPending()) >= promised, {
      ...wait,
      what: 'all deliveries are planned',
    });
    // Each endpoint has been tried, found down, and is to be called again at a time that Redis alone keeps.
    await waitFor(
      async () => new Set((await receivers.arrivals()).map(({ receiver }) => receiver)).size === ENDPOINTS,
      wait,
    );
    const isPending = await stage.countPending();
    await withRedis(service.redisUrl, (redis) => redis.flushall());
    const flushedMs = monotonicMs();
    await receivers.behave(ALL.map(() => 'works'));
    const outcome = await arrivedAt(stage, ALL, written, 60_000 + promised * 20);
    await stage.unsubscribe(subscriptions);
    return [
      {
        case: 'lost-redis',
        system: 'ours',
        events: written.length,
        deliveries: outcome.deliveries,
        seconds: (outcome.lastAtMs - flushedMs) / 1000,
        latencyMs: null,
        share: null,
        target: 'each arrives, each request in order',
        breaches: [...outcome.breaches, ...(isPending < promised ? [`only ${isPending} were pending`] : [])],
        shortfalls: [],
        note: `${isPending} pending at the FLUSHALL; ${outcome.repeated} came twice`,
      },
    ];
  },
};
