import { BullModule, type WorkerHost } from '@nestjs/bullmq';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import {
  AccountStore,
  CredentialCheck,
  CredentialStanding,
  CredentialVerification,
  DailyVerification,
  IdentityCheck,
  VerificationStore,
} from '#libs/accounts';
import { AuditStore } from '#libs/audit';
import { SystemClock } from '#libs/clock';
import { CloudClient, Endpoints } from '#libs/cloud';
import type { WorkerSettings } from '#libs/config';
import { Credentials, CredentialStore } from '#libs/credentials';
import { EventFeed, EventRelay, EventRetention, EventStore, Outbox } from '#libs/events';
import { assembleWorkSide, CredentialHold, LaneWaker, Recovery, Submission, Tracking } from '#libs/image-requests';
import { Lanes } from '#libs/lanes';
import { Log } from '#libs/logging';
import type { SystemPostgres } from '#libs/postgres';
import { DELIVER_QUEUE, Queues, SUBMIT_QUEUE, TRACK_QUEUE } from '#libs/queues';
import { Hints, RedisMemory } from '#libs/redis';
import { assembleRoleAssumption, RoleSessions } from '#libs/role-sessions';
import { KeyRing, Sealer } from '#libs/sealing';
import { Tenants, TenantStore } from '#libs/tenants';
import {
  assembleDeliverySide,
  EndpointDispatcher,
  ForgottenEndpoints,
  SpentSecrets,
  WebhookRetention,
  WebhookRetentionStore,
  WebhookSender,
} from '#libs/webhooks';
import { BacklogWatch } from './backlog-watch.js';
import { CredentialHoldSweeper } from './credential-hold.sweeper.js';
import { EventRetentionSweeper } from './event-retention.sweeper.js';
import { LaneSweeper } from './lane.sweeper.js';
import { OutboxRelaySweeper } from './outbox-relay.sweeper.js';
import { QueueWorkers } from './queue-workers.js';
import { RecoverySweeper } from './recovery.sweeper.js';
import { SpentSecretSweeper } from './spent-secret.sweeper.js';
import { SubmissionProcessor } from './submission.processor.js';
import { TrackingProcessor } from './tracking.processor.js';
import { VerificationSweeper } from './verification.sweeper.js';
import { WebhookDeliveryProcessor } from './webhook-delivery.processor.js';
import { ForgottenEndpointSweeper } from './forgotten-endpoint.sweeper.js';

/** What the process opened before the module, and closes after it. */
export interface WorkerParts {
  readonly settings: WorkerSettings;
  readonly log: Log;
  readonly postgres: SystemPostgres;
  readonly redis: { readonly commands: Redis; readonly blocking: Redis; readonly subscriber: Redis };
}

/** A call to an endpoint is mostly waiting for its answers, so a worker has more of those at once than of other jobs. */
const DISPATCHES_PER_JOB = 10;

/** The queue's edge, wired: three processors and the sweeps that find what a queue has forgotten. */
@Module({})
export class WorkerModule implements OnApplicationShutdown {
  constructor(
    @Inject(QueueWorkers) private readonly workers: QueueWorkers,
    @Inject(SubmissionProcessor) private readonly submissions: SubmissionProcessor,
    @Inject(LaneWaker) private readonly waker: LaneWaker,
    @Inject(Queues) private readonly queues: Queues,
    @Inject(CloudClient) private readonly cloud: CloudClient,
    @Inject(EndpointDispatcher) private readonly dispatcher: EndpointDispatcher,
    @Inject(WebhookSender) private readonly sender: WebhookSender,
  ) {}

  static with(parts: WorkerParts): DynamicModule {
    const { settings, log, postgres, redis } = parts;
    const clock = new SystemClock();
    const audit = new AuditStore();
    const hints = new Hints(redis.commands, redis.subscriber);
    const memory = new RedisMemory(redis.commands);
    const backlog = new BacklogWatch();
    const sealer = new Sealer(KeyRing.following(settings.keySource, log));
    const queues = new Queues(redis.commands);
    const events = new EventStore();
    const outbox = new Outbox(postgres, events, hints);
    const endpoints = new Endpoints(settings);
    const cloud = new CloudClient({ endpoints, timeoutMs: settings.upstreamTimeoutMs });
    const assumption = assembleRoleAssumption({
      postgres,
      redis: redis.commands,
      cloud,
      endpoints,
      audit,
      clock,
      log,
      settings,
    });
    const ground = { postgres, queues, outbox, audit, clock, log };
    const accountStore = new AccountStore();
    const credentials = new Credentials(postgres, new CredentialStore(), sealer, clock);
    const standing = new CredentialStanding(postgres, accountStore, credentials, outbox, audit, hints, clock);
    const tenants = new Tenants(postgres, new TenantStore(), audit, clock);
    const check = new CredentialCheck(new IdentityCheck(cloud, endpoints), assumption, tenants);
    const verification = new CredentialVerification(postgres, accountStore, credentials, check, standing, audit, clock);

    const dispatchesMax = settings.workerConcurrency * DISPATCHES_PER_JOB;
    const webhooks = assembleDeliverySide({
      ...ground,
      hints,
      sealer,
      events: new EventFeed(postgres, events),
      limits: { dispatchesMax },
      settings,
    });
    const retention = new EventRetention(postgres, events, [new WebhookRetention(new WebhookRetentionStore())], clock, {
      keptDays: settings.eventRetentionDays,
    });
    const work = assembleWorkSide({
      ...ground,
      redis: redis.commands,
      hints,
      memory,
      accountStore,
      credentials,
      roleSessions: new RoleSessions((role) => assumption.assume(role), clock, log),
      standing,
      cloud,
      endpoints,
      isBehind: () => backlog.isBehind(),
      settings,
    });

    return {
      module: WorkerModule,
      imports: [
        BullModule.forRoot({ connection: redis.blocking }),
        BullModule.registerQueue({ name: SUBMIT_QUEUE }, { name: TRACK_QUEUE }, { name: DELIVER_QUEUE }),
      ],
      providers: [
        { provide: Log, useValue: log },
        { provide: Hints, useValue: hints },
        { provide: RedisMemory, useValue: memory },
        { provide: BacklogWatch, useValue: backlog },
        { provide: Queues, useValue: queues },
        { provide: CloudClient, useValue: cloud },
        { provide: EventRelay, useValue: new EventRelay(postgres, events, hints, [webhooks.planner]) },
        { provide: EventRetention, useValue: retention },
        { provide: EndpointDispatcher, useValue: webhooks.dispatcher },
        { provide: ForgottenEndpoints, useValue: webhooks.forgotten },
        { provide: SpentSecrets, useValue: webhooks.spentSecrets },
        { provide: WebhookSender, useValue: webhooks.sender },
        { provide: Submission, useValue: work.submission },
        { provide: Tracking, useValue: work.tracking },
        { provide: Recovery, useValue: work.recovery },
        { provide: CredentialHold, useValue: work.credentialHold },
        {
          provide: DailyVerification,
          useValue: new DailyVerification(postgres, new VerificationStore(), verification, clock, log),
        },
        { provide: Lanes, useValue: work.lanes },
        { provide: LaneWaker, useValue: work.waker },
        SubmissionProcessor,
        TrackingProcessor,
        WebhookDeliveryProcessor,
        {
          provide: QueueWorkers,
          useFactory: (
            submissions: SubmissionProcessor,
            tracking: TrackingProcessor,
            deliveries: WebhookDeliveryProcessor,
          ) => {
            const jobsAtOnce = settings.workerConcurrency;
            const processors = new Map<WorkerHost, number>([
              [submissions, jobsAtOnce],
              [tracking, jobsAtOnce],
              [deliveries, dispatchesMax],
            ]);
            return new QueueWorkers(processors, log);
          },
          inject: [SubmissionProcessor, TrackingProcessor, WebhookDeliveryProcessor],
        },
        OutboxRelaySweeper,
        EventRetentionSweeper,
        ForgottenEndpointSweeper,
        SpentSecretSweeper,
        LaneSweeper,
        RecoverySweeper,
        CredentialHoldSweeper,
        VerificationSweeper,
      ],
    };
  }

  /**
   * Nest ends the root module first, so the order is made here: the calls in flight end, then what they left to timers
   * goes back to the queue, and only then do the connections close that they needed.
   */
  async onApplicationShutdown(): Promise<void> {
    this.dispatcher.stop();
    await this.workers.drain();
    await this.submissions.recalled();
    await this.waker.close();
    await this.queues.close();
    await this.sender.close();
    this.cloud.close();
  }
}
