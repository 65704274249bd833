import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { AccountId, ImageRequestId, WebhookEndpointId } from '#libs/ids';
import { DELIVER_QUEUE, type QueueJobs, type QueueName, SUBMIT_QUEUE, TRACK_QUEUE } from './queue-names.js';

/** Finished jobs leave at once: what happened stands in PostgreSQL, and a kept id would swallow the next job of that id. */
const LEAVE_NOTHING = { removeOnComplete: true, removeOnFail: true } as const;

/**
 * Puts jobs into BullMQ. A job's id is, but for calls to endpoints, the id of what it is about, so that adding it twice is
 * adding it once while it waits. Throws when Redis is out of reach; callers work from PostgreSQL and treat an enqueued job as a hint to hurry.
 */
export class Queues {
  private readonly submitQueue: Queue<QueueJobs['submit-image-requests']>;
  private readonly trackQueue: Queue<QueueJobs['track-images']>;
  private readonly deliverQueue: Queue<QueueJobs['deliver-webhooks']>;

  constructor(redis: Redis) {
    const open = (name: QueueName) => {
      const queue = new Queue(name, { connection: redis, skipWaitingForReady: true });
      queue.on('error', () => undefined);
      return queue;
    };
    this.submitQueue = open(SUBMIT_QUEUE) as typeof this.submitQueue;
    this.trackQueue = open(TRACK_QUEUE) as typeof this.trackQueue;
    this.deliverQueue = open(DELIVER_QUEUE) as typeof this.deliverQueue;
  }

  /** Every queue, for boards and metrics. */
  all(): readonly Queue[] {
    return [this.submitQueue, this.trackQueue, this.deliverQueue];
  }

  async submit(imageRequestId: ImageRequestId, delayMs = 0): Promise<void> {
    await this.submitQueue.add(
      'submit',
      { imageRequestId },
      { ...LEAVE_NOTHING, jobId: imageRequestId, delay: delayMs },
    );
  }

  /** One job for each account and region, however many of their images are being made. */
  async track(accountId: AccountId, region: string, delayMs: number): Promise<void> {
    const jobId = `${accountId}/${region}`;
    await this.trackQueue.add('track', { accountId, region }, { ...LEAVE_NOTHING, jobId, delay: delayMs });
  }

  /** Calls a worker to each endpoint. Every call is a job of its own: a call that comes while another runs must not be lost. */
  async callEndpoints(endpointIds: readonly WebhookEndpointId[]): Promise<void> {
    await this.deliverQueue.addBulk(
      endpointIds.map((endpointId) => ({ name: 'deliver', data: { endpointId }, opts: LEAVE_NOTHING })),
    );
  }

  /** The same at a later time; of the calls to one endpoint for one time, one is kept. */
  async callEndpointAt(endpointId: WebhookEndpointId, at: Date, delayMs: number): Promise<void> {
    const jobId = `${endpointId}/${at.getTime()}`;
    await this.deliverQueue.add('deliver', { endpointId }, { ...LEAVE_NOTHING, jobId, delay: delayMs });
  }

  async close(): Promise<void> {
    await Promise.all(this.all().map((queue) => queue.close()));
  }
}
