import type { AuditStore, NewAuditEntry, UpstreamCall } from '#libs/audit';
import type { Clock } from '#libs/clock';
import {
  classify,
  type CloudClient,
  type Endpoints,
  parseRateRefusal,
  type ReadOutcome,
  STS_REGION,
  type TemporaryCredential,
} from '#libs/cloud';
import { assertNever } from '#libs/errors';
import { type Lane, laneName, type Lanes, type Lease } from '#libs/lanes';
import type { Log } from '#libs/logging';
import type { Postgres } from '#libs/postgres';
import type { Secret } from '#libs/secret';
import { type Assumption, type RoleOrder, SESSION_SECONDS } from './assumption.js';

/** The service's own identity, which the roles of tenants trust. */
export interface PlatformKey {
  readonly secretId: Secret;
  readonly secretKey: Secret;
}

/** Longer than the rest of a lane whose state was lost, so that the first session after that only comes a little late. */
const WAIT_FOR_TOKEN_MS = 5000;

/**
 * Asks the cloud for a session of a role (`sts:AssumeRole`), one call each time, with a token of the platform's lane. The
 * call is written down before its session is given out: a session that nobody can account for is never used.
 */
export class RoleAssumption {
  constructor(
    private readonly postgres: Postgres,
    private readonly lanes: Lanes,
    private readonly cloud: CloudClient,
    private readonly endpoints: Endpoints,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly platformKey: PlatformKey | null,
  ) {}

  /** Throws when the call can't be written down. Without Redis there is no token, and so no call. */
  async assume(order: RoleOrder): Promise<Assumption> {
    if (this.platformKey === null) return { kind: 'not_configured' };
    const lane = this.laneOf(order);
    const waitingSinceMs = performance.now();
    const lease = await this.take(lane);
    if (lease === null) return { kind: 'unavailable', cause: 'no token for a call of STS' };
    const tokenWaitMs = Math.round(performance.now() - waitingSinceMs);

    const askedAt = this.clock.now();
    const outcome = await this.call(order, this.platformKey, lease);
    const call = callOf(lane, outcome, tokenWaitMs);
    const entry = entryOf(order, outcome, call);
    await this.postgres.asTenant(order.tenantId, (tx) => this.audit.append(tx, entry, this.clock.now()));
    this.log.info({
      event: 'role.asked_for',
      tenantId: order.tenantId,
      accountId: order.accountId,
      roleArn: order.roleArn,
      endpoint: call.endpoint,
      outcome: outcome.kind,
      code: call.code,
      upstreamRequestId: call.requestId,
      token_wait_ms: tokenWaitMs,
      duration_ms: outcome.durationMs,
    });
    return this.meaningOf(outcome, lane, askedAt);
  }

  /** Whatever signs it is the platform: the lane belongs to no tenant. */
  private laneOf({ site }: RoleOrder): Lane {
    return { host: this.endpoints.sts(site).host, uin: 'platform', userId: 'platform', action: 'AssumeRole' };
  }

  private async take(lane: Lane): Promise<Lease | null> {
    try {
      return await this.lanes.take(lane, WAIT_FOR_TOKEN_MS);
    } catch (error) {
      this.log.warn({ event: 'lane.not_taken', lane: laneName(lane), error });
      return null;
    }
  }

  private async call(order: RoleOrder, key: PlatformKey, lease: Lease): Promise<ReadOutcome<TemporaryCredential>> {
    try {
      return await this.cloud.assumeRole(
        { credential: { ...key, token: null }, site: order.site, region: STS_REGION },
        {
          roleArn: order.roleArn,
          sessionName: order.tenantId,
          externalId: order.externalId,
          durationSeconds: SESSION_SECONDS,
        },
      );
    } finally {
      // The answer counts whether Redis can be told or not: a lease that is not rested ends by itself.
      await this.lanes.rest(lease).catch((error: unknown) => {
        this.log.warn({ event: 'lease.not_ended', lane: laneName(lease.lane), error });
      });
    }
  }

  private async meaningOf(outcome: ReadOutcome<TemporaryCredential>, lane: Lane, askedAt: Date): Promise<Assumption> {
    switch (outcome.kind) {
      case 'read':
        return { kind: 'assumed', credential: outcome.value };
      case 'unavailable':
        return { kind: 'unavailable', cause: outcome.cause };
      case 'refused': {
        const { code, message, requestId } = outcome;
        if (ABOUT_THE_ROLE.has(code)) return { kind: 'refused', askedAt, code, message, requestId };
        if (isAboutTheRate(code)) await this.slow(lane, message);
        else this.log.error({ event: 'platform_key.refused', code, upstreamRequestId: requestId });
        return { kind: 'unavailable', cause: code };
      }
      default:
        return assertNever(outcome);
    }
  }

  private async slow(lane: Lane, message: string): Promise<void> {
    await this.lanes.slow(lane, parseRateRefusal(message)).catch((error: unknown) => {
      this.log.warn({ event: 'lane.not_slowed', lane: laneName(lane), error });
    });
  }
}

/** STS has a code of its own beside the common ones. */
function isAboutTheRate(code: string): boolean {
  return classify(code).class === 'rate' || code === 'InvalidParameter.OverLimit';
}

/**
 * What STS says when a role is not there, is not lent to us, or its name is none (the error codes of AssumeRole, and the
 * common ones for a lack of rights). All else is about the call, the cloud or the key that signs it. A lack of rights may
 * be the platform's own; therefore a role that was refused is asked for again before long.
 */
const ABOUT_THE_ROLE: ReadonlySet<string> = new Set([
  'AuthFailure.CamRoleNameAuthenticateFailed',
  'AuthFailure.UnauthorizedOperation',
  'InternalError.IllegalRole',
  // The role's own limit of a session is shorter than what is asked for.
  'InvalidParameter.OverTimeError',
  'InvalidParameter.ParamError',
  'InvalidParameter.ResouceError',
  'ResourceNotFound.RoleNotFound',
  'UnauthorizedOperation',
  'UnauthorizedOperation.PermissionDenied',
]);

function callOf(lane: Lane, outcome: ReadOutcome<TemporaryCredential>, tokenWaitMs: number): UpstreamCall {
  return {
    endpoint: lane.host,
    region: STS_REGION,
    action: 'sts:AssumeRole',
    requestId: outcome.kind === 'unavailable' ? null : outcome.requestId,
    code: outcome.kind === 'refused' ? outcome.code : null,
    durationMs: outcome.durationMs,
    tokenWaitMs,
  };
}

function entryOf(order: RoleOrder, outcome: ReadOutcome<TemporaryCredential>, call: UpstreamCall): NewAuditEntry {
  const { tenantId, accountId, roleArn } = order;
  const end = outcome.kind === 'read' ? { expiresAt: outcome.value.expiresAt.toISOString() } : {};
  const reason = outcome.kind === 'unavailable' ? { reason: outcome.cause } : {};
  return {
    tenantId,
    accountId,
    actor: order.actor,
    action: 'sts.AssumeRole',
    target: { type: 'account', id: accountId },
    outcome: outcome.kind === 'read' ? 'success' : 'failure',
    requestId: order.requestId,
    upstream: call,
    detail: { roleArn, sessionName: tenantId, ...end, ...reason },
  };
}
