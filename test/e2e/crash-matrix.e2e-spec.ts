import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import type { ImageRequestView } from '#libs/image-requests';
import { type StartedProcess, stopAllProcesses, waitFor } from '#libs/testing';
import { EventLog } from '../support/event-log.js';
import { ended, newImageName, orderFor } from '../support/image-requests.js';
import type { SimulatorCall, SimulatorFault } from '../support/simulator-control.js';
import { TableLock } from '../support/table-lock.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

/** A worker sends under a lease younger than this; one that is older it renews first, for which it needs Redis. */
const LEASE_STALE_MS = 200;

/** So long that the lock is there before the answer. */
const LATE: SimulatorFault = { kind: 'delay', ms: 3000 };

/** Where a process is killed, and what the cloud has seen of the request in the end. */
interface Point {
  readonly name: string;
  /** Calls of CreateImage that reached the cloud. */
  readonly calls: number;
  /** What the request counts: also a call that was written down and never sent, for nobody can tell that it was not. */
  readonly attempts: number;
  /** Brings a request to the point and kills; gives its id. */
  readonly crash: () => Promise<string>;
}

describe('a process that dies at a named point', () => {
  let service: WholeService;
  let tenant: TestTenant;
  let redis: Redis;
  let worker: StartedProcess;
  const crashed = new Map<string, string>();

  const post = async (more: Record<string, unknown> = {}): Promise<ImageRequestView> =>
    tenant.api.created<ImageRequestView>('/v1/image-requests', orderFor(tenant, more));
  const callsOf = async (imageName: string): Promise<readonly SimulatorCall[]> =>
    (await service.simulator.calls({ action: 'CreateImage' })).filter((call) => call.imageName === imageName);
  const called = (imageName: string): Promise<unknown> =>
    waitFor(async () => (await callsOf(imageName)).length > 0, { timeoutMs: 20_000, intervalMs: 10 });
  /** Since when the answer of a call that is carried out late may have been on its way. */
  const answered = async (imageName: string): Promise<Date> => {
    const sentAt = new Date();
    await waitFor(async () => (await callsOf(imageName)).some(({ processed }) => processed), {
      timeoutMs: 20_000,
      intervalMs: 10,
    });
    return sentAt;
  };
  const inDatabase = async (what: string, imageName: string): Promise<void> => {
    const { db } = service.database.postgres;
    await waitFor(
      async () => {
        const { rows } = await sql`
          select from image_requests as request left join attempts on attempts.image_request_id = request.id
          where image_name = ${imageName} and ${sql.raw(what)}
        `.execute(db);
        return rows.length > 0;
      },
      { timeoutMs: 20_000, intervalMs: 10, what },
    );
  };
  const kill = async (): Promise<void> => {
    await worker.stop('SIGKILL');
  };
  /** Until `work` is over no command of anybody changes Redis. */
  const whileRedisIsHeld = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    await redis.client('PAUSE', 120_000, 'WRITE');
    try {
      return await work();
    } finally {
      await redis.client('UNPAUSE');
    }
  };
  const whileLocked = async <Result>(
    table: 'attempts' | 'events',
    work: (lock: TableLock) => Promise<Result>,
  ): Promise<Result> => {
    const lock = await TableLock.on(service.database.url, table);
    try {
      return await work(lock);
    } finally {
      await lock.release();
    }
  };
  const whileTheCallIsOut = async (effect: SimulatorFault, work: (imageName: string) => Promise<void>) => {
    const imageName = newImageName();
    await service.simulator.addFaults({ match: { action: 'CreateImage', imageName }, times: 1, effect });
    const { id } = await post({ imageName });
    await called(imageName);
    await work(imageName);
    return id;
  };

  const points: readonly Point[] = [
    {
      name: 'before the attempt is written',
      calls: 1,
      attempts: 1,
      crash: () =>
        whileLocked('attempts', async (lock) => {
          const { id } = await post();
          await lock.holdsUp('insert into "attempts"');
          await kill();
          return id;
        }),
    },
    {
      name: 'after the attempt is written, before the call is sent',
      calls: 1,
      attempts: 2,
      crash: () =>
        whileLocked('attempts', async (lock) => {
          const { id, imageName } = await post();
          await lock.holdsUp('insert into "attempts"');
          return whileRedisIsHeld(async () => {
            await sleep(LEASE_STALE_MS);
            await lock.release();
            await inDatabase('attempts.outcome is null and attempts.id is not null', imageName);
            await kill();
            return id;
          });
        }),
    },
    {
      name: 'after the call is sent, before the cloud carries it out',
      calls: 2,
      attempts: 2,
      crash: () => whileTheCallIsOut({ kind: 'hang-before' }, kill),
    },
    {
      name: 'after the call is sent and carried out',
      calls: 1,
      attempts: 1,
      crash: () => whileTheCallIsOut({ kind: 'hang-after' }, kill),
    },
    {
      name: 'after the answer, before anything of it is written',
      calls: 1,
      attempts: 1,
      crash: () =>
        whileTheCallIsOut(LATE, (imageName) =>
          whileLocked('attempts', async (lock) => {
            await lock.holdsUp('update "attempts"', await answered(imageName));
            await kill();
          }),
        ),
    },
    {
      name: 'before the commit of the answer',
      calls: 1,
      attempts: 1,
      crash: () =>
        whileTheCallIsOut(LATE, (imageName) =>
          whileLocked('events', async (lock) => {
            await lock.holdsUp('insert into "events"', await answered(imageName));
            await kill();
          }),
        ),
    },
    {
      name: 'after the commit of the answer, before the image is queued for tracking',
      calls: 1,
      attempts: 1,
      crash: () =>
        whileTheCallIsOut(LATE, (imageName) =>
          whileLocked('events', async (lock) => {
            await lock.holdsUp('insert into "events"', await answered(imageName));
            await whileRedisIsHeld(async () => {
              await lock.release();
              await inDatabase(`status = 'creating'`, imageName);
              await kill();
            });
          }),
        ),
    },
    {
      name: 'after the commit of a new request, before it is brought into its lane',
      calls: 1,
      attempts: 1,
      crash: async () => {
        const imageName = newImageName();
        const [gateway] = service.gateways;
        await whileRedisIsHeld(async () => {
          const answer = post({ imageName }).catch(() => null);
          await inDatabase(`status = 'queued'`, imageName);
          await gateway?.stop('SIGKILL');
          expect(await answer).toBeNull();
        });
        await service.startGateway(gateway?.url);
        const { data } = await tenant.api.read<{ data: ImageRequestView[] }>(
          `/v1/image-requests?imageName=${imageName}`,
        );
        return data[0]?.id ?? '';
      },
    },
  ];

  /** One after another, and what each leaves behind is taken over while the next is prepared. */
  beforeAll(async () => {
    service = await startWholeService({ settings: { RESEND_FENCE_MS: '2000', UPSTREAM_TIMEOUT_MS: '5000' } });
    await service.simulator.changeSettings({ enforceUniqueNames: false });
    tenant = await service.createTenant('crash matrix');
    redis = new Redis(service.redisUrl);
    for (const { name, crash } of points) {
      worker = service.workers.at(-1)!;
      crashed.set(name, await crash());
      await service.startWorker();
    }
  }, 240_000);
  afterAll(async () => {
    redis.disconnect();
    await service.stop();
    await stopAllProcesses();
  }, 60_000);

  it.each(points)('$name: is taken over, and makes one image', async ({ name, calls, attempts }) => {
    const id = crashed.get(name) ?? '';
    const request = await ended(tenant.api, id);

    expect(request).toMatchObject({ status: 'succeeded', attempts, error: null });
    expect(await callsOf(request.imageName)).toHaveLength(calls);
    const images = await service.simulator.images({ name: request.imageName });
    expect(images.map(({ imageId }) => imageId)).toEqual([request.imageId]);
    expect(await new EventLog(tenant.api).typesUntilEnd(id)).toEqual([
      'image_request.queued',
      'image_request.submitted',
      'image_request.succeeded',
    ]);
  });
});
