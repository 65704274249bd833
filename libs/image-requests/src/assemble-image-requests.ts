import type { Accounts, AccountStore, CredentialStanding } from '#libs/accounts';
import type { AuditStore } from '#libs/audit';
import type { Clock } from '#libs/clock';
import type { CloudClient, Endpoints } from '#libs/cloud';
import type { Credentials } from '#libs/credentials';
import type { Outbox } from '#libs/events';
import { Lanes } from '#libs/lanes';
import type { Log } from '#libs/logging';
import type { Postgres, SystemPostgres } from '#libs/postgres';
import type { Queues } from '#libs/queues';
import type { RoleSessions } from '#libs/role-sessions';
import type { Hints, RedisMemory } from '#libs/redis';
import type { Redis } from 'ioredis';
import { AccountLanes } from './account-lanes.js';
import { AttemptStore } from './attempt.store.js';
import { Calls } from './calls.js';
import { CloudAccess } from './cloud-access.js';
import { CredentialHold } from './credential-hold.js';
import { CredentialHoldStore } from './credential-hold.store.js';
import { ImageRequestStore } from './image-request.store.js';
import { ImageRequestWorkStore } from './image-request-work.store.js';
import { ImageRequests } from './image-requests.service.js';
import { InstanceQueue } from './instance-queue.js';
import { InstanceStore } from './instance.store.js';
import { LaneEntrance } from './lane-entrance.js';
import { LaneReentry } from './lane-reentry.js';
import { LaneWaker } from './lane-waker.js';
import { NameLookup } from './name-lookup.js';
import { Pacing } from './pacing.js';
import { Preparation } from './preparation.js';
import { Reconciliation } from './reconciliation.js';
import { ReadCalls } from './read-calls.js';
import { RecoveryStore } from './recovery.store.js';
import { Recovery } from './recovery.js';
import { RequestChanges } from './request-changes.js';
import type { RetryPolicy } from './retry-policy.js';
import { Settlement } from './settlement.js';
import { Submission } from './submission.js';
import { TrackingStore } from './tracking.store.js';
import { Tracking } from './tracking.js';
import { Transitions } from './transitions.js';

/** What the lanes are set to; the same in every process. */
export interface LaneSettings {
  readonly createImageLimit: number;
  readonly describeImagesLimit: number;
  readonly upstreamTimeoutMs: number;
  readonly arrivalGuardMs: number;
}

/** What a call's way to the cloud takes at most, where the guard says nothing of it. */
const TRANSIT_MS = 100;

interface Ground {
  readonly postgres: Postgres;
  /** For commands, not for blocking. */
  readonly redis: Redis;
  readonly hints: Hints;
  readonly queues: Queues;
  readonly outbox: Outbox;
  readonly audit: AuditStore;
  readonly accountStore: AccountStore;
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RequestSideParts extends Ground {
  readonly accounts: Accounts;
  readonly settings: LaneSettings & { readonly regions: readonly string[] };
}

export interface WorkSideParts extends Ground {
  readonly postgres: SystemPostgres;
  readonly credentials: Credentials;
  readonly roleSessions: RoleSessions;
  readonly standing: CredentialStanding;
  readonly cloud: CloudClient;
  readonly memory: RedisMemory;
  /** Whether this process is behind with its submissions. */
  readonly isBehind: () => boolean;
  readonly settings: LaneSettings & RetryPolicy;
}

/** What the gateway needs. The waker is closed with the process, so that a wake it holds is handed on. */
export function assembleRequestSide(parts: RequestSideParts): {
  readonly imageRequests: ImageRequests;
  readonly accountLanes: AccountLanes;
  readonly waker: LaneWaker;
} {
  const { postgres, clock, settings } = parts;
  const { store, instances, entrance, lanes, transitions, waker } = assembleCommon(parts, settings);
  const imageRequests = new ImageRequests(
    postgres,
    new ImageRequestStore(),
    instances,
    new InstanceQueue(postgres, store, instances, clock),
    transitions,
    parts.accounts,
    entrance,
    new RequestChanges(parts.hints),
    clock,
  );
  return { imageRequests, accountLanes: new AccountLanes(entrance, lanes, settings.regions), waker };
}

/** What the worker needs: the two processors' work, the sweeps' work, and the waker that is closed last. */
export function assembleWorkSide(parts: WorkSideParts): {
  readonly submission: Submission;
  readonly tracking: Tracking;
  readonly recovery: Recovery;
  readonly credentialHold: CredentialHold;
  readonly lanes: Lanes;
  readonly waker: LaneWaker;
} {
  const { postgres, cloud, clock, log, settings, queues, accountStore, standing } = parts;
  const { store, instances, lanes, entrance, transitions, waker } = assembleCommon(parts, settings, parts.isBehind);
  const attempts = new AttemptStore();
  const access = new CloudAccess(postgres, parts.credentials, parts.roleSessions, standing);
  const pacing = new Pacing(lanes, log);
  const reads = new ReadCalls(postgres, lanes, entrance, access, standing, pacing, clock, log);
  const lookup = new NameLookup(postgres, store, cloud, reads);
  const images = new TrackingStore();
  const instanceQueue = new InstanceQueue(postgres, store, instances, clock);
  const settlement = new Settlement(postgres, store, attempts, transitions, standing, queues, clock, settings);
  const hold = new CredentialHold(
    postgres,
    new CredentialHoldStore(),
    store,
    accountStore,
    entrance,
    queues,
    parts.hints,
    clock,
    log,
  );
  const reconciliation = new Reconciliation(postgres, store, attempts, lookup, settlement, hold, clock, settings);
  const preparation = new Preparation(postgres, store, attempts, lookup, settlement, entrance, hold, clock, settings);
  const calls = new Calls(
    postgres,
    attempts,
    transitions,
    parts.audit,
    lanes,
    pacing,
    access,
    cloud,
    settlement,
    clock,
    log,
    settings.arrivalGuardMs,
  );
  const recoveryStore = new RecoveryStore();
  return {
    submission: new Submission(
      postgres,
      store,
      accountStore,
      entrance,
      lanes,
      access,
      preparation,
      calls,
      reconciliation,
      instanceQueue,
      clock,
      log,
    ),
    tracking: new Tracking(postgres, images, accountStore, cloud, reads, settlement, clock, log, settings),
    recovery: new Recovery(
      postgres,
      recoveryStore,
      images,
      instances,
      store,
      settlement,
      entrance,
      new LaneReentry(postgres, recoveryStore, accountStore, entrance, lanes),
      queues,
      parts.memory,
      clock,
      log,
    ),
    credentialHold: hold,
    lanes,
    waker,
  };
}

function assembleCommon(parts: Ground, settings: LaneSettings, isBehind?: () => boolean) {
  const { postgres, log } = parts;
  const store = new ImageRequestWorkStore();
  const waker = new LaneWaker(parts.queues, log);
  const lanes = new Lanes(parts.redis, {
    limits: { CreateImage: settings.createImageLimit, DescribeImages: settings.describeImagesLimit },
    callTimeoutMs: settings.upstreamTimeoutMs,
    transitMs: Math.max(settings.arrivalGuardMs, TRANSIT_MS),
    ...(isBehind !== undefined && { isBehind }),
    wake: (wake) => waker.wake(wake),
  });
  const entrance = new LaneEntrance(postgres, parts.accountStore, parts.endpoints, lanes, log);
  const instances = new InstanceStore();
  const transitions = new Transitions(postgres, store, instances, parts.outbox, parts.audit, parts.hints, entrance);
  return { store, instances, waker, lanes, entrance, transitions };
}
