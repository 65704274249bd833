import { percent } from '../../report/words.js';
import { arrivedAt } from '../arrived.js';
import { startBareLoop } from '../bare-loop/start-bare-loop.js';
import type { BenchCase, Extent, Row } from '../bench-case.js';
import { monotonicMs } from '../monotonic.js';
import { requestsFor, TYPES } from '../plan.js';
import { ENDPOINTS, FAN_OUT, type Stage, WORKERS } from '../stage.js';

/** As many as the product has under way to one endpoint. */
const PLACES = 10;
const ALL = Array.from({ length: ENDPOINTS }, (_, receiver) => receiver);

/** Everything is due at once, to endpoints that all work: what comes of that is the full speed. */
export const burst: BenchCase = {
  name: 'burst',
  title: 'everything is due at once, all endpoints work',
  run: async (stage, extent, findings) => {
    const ours = await runOurs(stage, extent);
    findings.fullSpeed = ours.deliveries / ours.seconds;
    if (extent.short) return [ours];
    // As many processes as ours has to send, and a single one, which is faster where they have to share the cores.
    const loops = [await runBare(stage, ours.deliveries, 1), await runBare(stage, ours.deliveries, WORKERS)];
    const bare = Math.max(...loops.map(({ deliveries, seconds }) => deliveries / seconds));
    const share = findings.fullSpeed / bare;
    return [
      { ...ours, share, note: [`${percent(share)} of the faster bare loop`, ours.note].filter(Boolean).join('; ') },
      ...loops,
    ];
  },
};

async function runOurs(stage: Stage, { events }: Extent): Promise<Row> {
  const subscriptions = await stage.subscribe(ALL);
  await stage.receivers.behave(ALL.map(() => 'works'));
  await stage.receivers.forget();
  const requests = requestsFor(events);
  const written = await stage.holdingRelay(() => stage.writer.writeAll(requests));
  const beganMs = monotonicMs();
  const outcome = await arrivedAt(stage, ALL, written, 60_000 + written.length * 20);
  await stage.unsubscribe(subscriptions);
  return {
    case: 'burst',
    system: `ours, ${WORKERS} workers`,
    events: written.length,
    deliveries: outcome.deliveries,
    seconds: (outcome.lastAtMs - beganMs) / 1000,
    latencyMs: null,
    share: null,
    target: 'each arrives, each request in order',
    breaches: outcome.breaches,
    shortfalls: [],
    note: outcome.repeated === 0 ? '' : `${outcome.repeated} came twice`,
  };
}

async function runBare(stage: Stage, deliveries: number, processes: number): Promise<Row> {
  const each = Math.ceil(deliveries / ENDPOINTS / processes);
  const order = {
    urls: stage.receivers.urls,
    secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
    envelopes: stage.models.map((imageRequest, nth) => envelopeOf(imageRequest, nth)),
    each,
    placesEach: Math.ceil(PLACES / processes),
  };
  const loops = await Promise.all(Array.from({ length: processes }, () => startBareLoop(order)));
  await stage.receivers.forget();
  const beganMs = monotonicMs();
  await Promise.all(loops.map((loop) => loop.run()));
  const arrivals = await stage.receivers.arrivals();
  return {
    case: 'burst',
    system: `a bare undici loop, ${processes === 1 ? '1 process' : `${processes} processes`}`,
    events: (each * ENDPOINTS * processes) / FAN_OUT,
    deliveries: arrivals.length,
    seconds: ((arrivals.at(-1)?.atMs ?? Number.NaN) - beganMs) / 1000,
    latencyMs: null,
    share: null,
    target: '',
    breaches: [],
    shortfalls: [],
    note: '',
  };
}

/** What the service posts of such an event, but for the ids. */
function envelopeOf(imageRequest: Readonly<Record<string, unknown>>, nth: number): object {
  return {
    specversion: '1.0',
    id: '',
    source: `/accounts/${String(imageRequest['accountId'])}`,
    type: TYPES[nth],
    subject: imageRequest['id'],
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    sequence: 0,
    data: { imageRequest },
  };
}
