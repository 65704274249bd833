import { setTimeout as sleep } from 'node:timers/promises';
import { EventStore, Outbox } from '#libs/events';
import { type AccountId, newId, type TenantId } from '#libs/ids';
import { connectRedis, Hints } from '#libs/redis';
import { Secret } from '#libs/secret';
import { type StartedProcess, waitFor } from '#libs/testing';
import { validEvent } from '../../support/valid-events.js';
import { startWholeService, type TestTenant, type WholeService } from '../../support/whole-service.js';
import { type Memory, MEMORY_TOLD, memoryOf } from './memory.js';
import type { Plan } from './plan.js';
import { SteadyClient } from './steady-client.js';

export interface StreamsRun {
  readonly plan: Plan;
  readonly events: number;
  readonly arrivals: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** From the cut of all connections until the last one is open again. */
  readonly backMs: number;
  readonly memory: { readonly before: Memory; readonly open: Memory; readonly loaded: Memory; readonly after: Memory };
  /** Whatever a client saw that it should not have, and what it did not see. */
  readonly faults: readonly string[];
}

const CONNECTING_AT_ONCE = 50;

/** Streams on one gateway that does nothing else; events come from here, and get their place from a worker. */
export async function runStreams(plan: Plan): Promise<StreamsRun> {
  const service = await startWholeService();
  const redis = connectRedis(new Secret(service.redisUrl), 'commands');
  try {
    const gateway = await service.startGateway(undefined, MEMORY_TOLD);
    const tenants: TestTenant[] = [];
    for (let index = 0; index < plan.tenants; index += 1) tenants.push(await service.createTenant(`tenant ${index}`));
    return await follow(plan, service, gateway, tenants, new Hints(redis, redis));
  } finally {
    redis.disconnect();
    await service.stop();
  }
}

async function follow(
  plan: Plan,
  service: WholeService,
  gateway: StartedProcess,
  tenants: readonly TestTenant[],
  hints: Hints,
): Promise<StreamsRun> {
  const clients = Array.from({ length: plan.streams }, (_, index) => {
    const { key, id } = tenants[index % tenants.length] as TestTenant;
    return new SteadyClient(`${gateway.url ?? ''}/v1/events/stream`, key, id);
  });
  const before = await memoryOf(gateway);
  await connectAll(clients);
  const open = await memoryOf(gateway);

  const written = new Map<string, number>(tenants.map(({ id }) => [id, 0]));
  const writing = write(plan, service, tenants, hints, written);
  await sleep((plan.seconds * 1000) / 2);
  const cutAt = performance.now();
  for (const client of clients) client.cut();
  await connectAll(clients);
  const backMs = performance.now() - cutAt;
  await writing;
  const lacking = () => clients.filter(({ tenantId, seen }) => seen < (written.get(tenantId) ?? 0));
  await waitFor(() => lacking().length === 0, { timeoutMs: 30_000, intervalMs: 100 }).catch(() => undefined);
  const loaded = await memoryOf(gateway);

  const faults = [
    ...clients.flatMap((client) => client.faults),
    ...lacking().map(({ seen, tenantId }) => `saw ${seen} of ${written.get(tenantId)} events`),
  ];
  for (const client of clients) client.cut();
  await waitFor(() => endedStreamsIn(gateway) === 2 * plan.streams, { timeoutMs: 30_000, intervalMs: 100 });
  const after = await memoryOf(gateway);

  const latencies = clients.flatMap(({ latenciesMs }) => latenciesMs).sort((one, other) => one - other);
  return {
    plan,
    events: [...written.values()].reduce((sum, count) => sum + count, 0),
    arrivals: clients.reduce((sum, { seen }) => sum + seen, 0),
    p50Ms: latencies[Math.floor(latencies.length * 0.5)] ?? Number.NaN,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
    backMs,
    memory: { before, open, loaded, after },
    faults,
  };
}

async function connectAll(clients: readonly SteadyClient[]): Promise<void> {
  const left = [...clients];
  const connectNext = async (): Promise<void> => {
    for (let client = left.pop(); client !== undefined; client = left.pop()) await client.connect();
  };
  await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, connectNext));
}

/** At an even pace; what was late is made up for. */
async function write(
  plan: Plan,
  { database: { postgres } }: WholeService,
  tenants: readonly TestTenant[],
  hints: Hints,
  written: Map<string, number>,
): Promise<void> {
  const outbox = new Outbox(postgres, new EventStore(), hints);
  const began = performance.now();
  const count = plan.seconds * plan.eventsASecond;
  for (let index = 0; index < count; index += 1) {
    const { id, account } = tenants[index % tenants.length] as TestTenant;
    const owner = { tenantId: id as TenantId, accountId: account.id as AccountId };
    const event = validEvent('image_request.queued', owner, newId('ireq'), { imageName: `image ${index}` });
    await postgres.transaction((tx) => outbox.append(tx, event, new Date()));
    written.set(id, (written.get(id) ?? 0) + 1);
    const aheadMs = began + ((index + 1) * 1000) / plan.eventsASecond - performance.now();
    if (aheadMs > 0) await sleep(aheadMs);
  }
}

function endedStreamsIn(gateway: StartedProcess): number {
  return gateway.logs().split('"event_stream.ended"').length - 1;
}
