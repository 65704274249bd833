import type { Account, CredentialStanding } from '#libs/accounts';
import type { Clock } from '#libs/clock';
import { type CloudTarget, type ReadOutcome, rejectsCredential } from '#libs/cloud';
import { laneName, type Lanes } from '#libs/lanes';
import type { Log } from '#libs/logging';
import type { SystemPostgres } from '#libs/postgres';
import type { CloudAccess, NoSession, Rejected } from './cloud-access.js';
import { noSession } from './failures.js';
import type { LaneEntrance } from './lane-entrance.js';
import type { Pacing } from './pacing.js';
import { BY_THE_WORKER } from './transitions.js';

/** A token may take so long to come free before the caller had better come back later. */
const WAIT_IN_PLACE_MS = 1000;
/** How often a call is made anew because the credential that it was signed with had been replaced. */
const REPLACED_MAX = 2;
/** And because the cloud refused the token of a role's session: of a session that was just made it is the cloud's trouble. */
const SESSIONS_LOST_MAX = 1;

/** No token came free in time; nothing was asked. */
export interface Busy {
  readonly kind: 'busy';
}

export type ReadCallOutcome<Value> = ReadOutcome<Value> | Busy | Rejected | NoSession;

/** Calls of DescribeImages, each with a token of its lane. */
export class ReadCalls {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly lanes: Lanes,
    private readonly entrance: LaneEntrance,
    private readonly access: CloudAccess,
    private readonly standing: CredentialStanding,
    private readonly pacing: Pacing,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /**
   * Makes one call with the account's credential, got for it alone; another one when the credential was replaced while
   * the call was on its way, or the cloud refused the token of a role's session. Throws when Redis is out of reach: no
   * token, no call.
   */
  async make<Value>(
    account: Account,
    region: string,
    call: (target: CloudTarget) => Promise<ReadOutcome<Value>>,
  ): Promise<ReadCallOutcome<Value>> {
    if (account.rejection !== null) return { kind: 'rejected', rejection: account.rejection };
    for (let replaced = 0, sessionsLost = 0; ;) {
      const calledAt = replaced < REPLACED_MAX ? this.clock.now() : null;
      // Before the lease, which would not outlast a call of STS as well.
      const access = await this.access.targetOf(account, region);
      if (access.kind !== 'open') return access;
      const asked = await this.ask(account, region, access.target, call);
      if (asked.kind === 'busy') return asked;
      const { outcome, target } = asked;
      if (outcome.kind !== 'refused') return outcome;

      const { code, requestId: upstreamRequestId, durationMs } = outcome;
      if (this.access.dropRefused(account.id, target, outcome)) {
        if (sessionsLost++ < SESSIONS_LOST_MAX) continue;
        return { kind: 'no_session', failure: noSession(code) };
      }
      if (!rejectsCredential(code, target.credential)) return outcome;

      const signed = { tenantId: account.tenantId, accountId: account.id, credentialVersion: target.credentialVersion };
      const refusal = { ...signed, calledAt, action: 'cvm.DescribeImages', code, upstreamRequestId };
      const standing = await this.postgres.transaction((tx) => this.standing.refused(tx, refusal, BY_THE_WORKER));
      if (standing.kind === 'rejected') return standing;
      if (calledAt === null) return { kind: 'unavailable', cause: 'the credential is being replaced', durationMs };
      replaced++;
    }
  }

  private async ask<Value>(
    account: Account,
    region: string,
    opened: CloudTarget,
    call: (target: CloudTarget) => Promise<ReadOutcome<Value>>,
  ): Promise<Busy | { readonly kind: 'asked'; readonly outcome: ReadOutcome<Value>; readonly target: CloudTarget }> {
    const lane = this.entrance.laneOf(account, region, 'DescribeImages');
    const lease = await this.lanes.take(lane, WAIT_IN_PLACE_MS);
    if (lease === null) return { kind: 'busy' };
    try {
      const target = this.access.latest(account, opened);
      const outcome = await call(target);
      if (outcome.kind === 'refused') await this.pacing.heed(lane, outcome);
      return { kind: 'asked', outcome, target };
    } finally {
      // The answer counts whether Redis can be told or not: a lease that is not rested ends by itself.
      await this.lanes.rest(lease).catch((error: unknown) => {
        this.log.warn({ event: 'lease.not_ended', lane: laneName(lane), error });
      });
    }
  }
}
