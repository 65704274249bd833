import type { Redis } from 'ioredis';
import type { AuditStore } from '#libs/audit';
import type { Clock } from '#libs/clock';
import type { CloudClient, Endpoints } from '#libs/cloud';
import { Lanes } from '#libs/lanes';
import type { Log } from '#libs/logging';
import type { Postgres } from '#libs/postgres';
import type { Secret } from '#libs/secret';
import { RoleAssumption } from './role-assumption.js';

/** Upper bound of a call's way to the cloud, for what follows a loss of Redis's state. */
const TRANSIT_MS = 100;

export interface RoleAssumptionParts {
  readonly postgres: Postgres;
  /** For commands, not for blocking. */
  readonly redis: Redis;
  readonly cloud: CloudClient;
  readonly endpoints: Endpoints;
  readonly audit: AuditStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: {
    readonly platformSecretId: Secret | null;
    readonly platformSecretKey: Secret | null;
    readonly createImageLimit: number;
    readonly describeImagesLimit: number;
    readonly upstreamTimeoutMs: number;
    readonly arrivalGuardMs: number;
  };
}

/** What a process needs to ask for sessions of tenants' roles. */
export function assembleRoleAssumption(parts: RoleAssumptionParts): RoleAssumption {
  const { settings, clock, log } = parts;
  const { platformSecretId: secretId, platformSecretKey: secretKey } = settings;
  const lanes = new Lanes(parts.redis, {
    limits: { CreateImage: settings.createImageLimit, DescribeImages: settings.describeImagesLimit },
    callTimeoutMs: settings.upstreamTimeoutMs,
    transitMs: Math.max(settings.arrivalGuardMs, TRANSIT_MS),
    // Tokens of STS are waited for in place, so nobody is ever woken.
    wake: () => undefined,
  });
  return new RoleAssumption(
    parts.postgres,
    lanes,
    parts.cloud,
    parts.endpoints,
    parts.audit,
    clock,
    log,
    secretId === null || secretKey === null ? null : { secretId, secretKey },
  );
}
