import type { Account } from '#libs/accounts';
import type { CloudTarget, ReadOutcome } from '#libs/cloud';
import { laneName, type Lanes } from '#libs/lanes';
import type { Log } from '#libs/logging';
import type { CloudAccess, NoKey } from './cloud-access.js';
import type { LaneEntrance } from './lane-entrance.js';
import type { Pacing } from './pacing.js';

/** A token may take so long to come free before the caller had better come back later. */
const WAIT_IN_PLACE_MS = 1000;

/** No token came free in time; nothing was asked. */
export interface Busy {
  readonly kind: 'busy';
}

export type ReadCallOutcome<Value> = ReadOutcome<Value> | Busy | NoKey;

/** Calls of DescribeImages, each with a token of its lane. */
export class ReadCalls {
  constructor(
    private readonly lanes: Lanes,
    private readonly entrance: LaneEntrance,
    private readonly access: CloudAccess,
    private readonly pacing: Pacing,
    private readonly log: Log,
  ) {}

  /**
   * Makes one call with the account's credential, opened for it alone, and another where the cloud refused the token of a
   * role's session. Throws when Redis is out of reach: no token, no call.
   */
  async make<Value>(
    account: Account,
    region: string,
    call: (target: CloudTarget) => Promise<ReadOutcome<Value>>,
  ): Promise<ReadCallOutcome<Value>> {
    const first = await this.once(account, region, call);
    if (!first.isSessionLost) return first.outcome;
    const { outcome, isSessionLost } = await this.once(account, region, call);
    if (!isSessionLost || outcome.kind !== 'refused') return outcome;
    // Of a session that was made a moment ago it is the cloud's trouble, and says nothing of what was asked.
    return { kind: 'unavailable', cause: outcome.code, durationMs: outcome.durationMs };
  }

  private async once<Value>(
    account: Account,
    region: string,
    call: (target: CloudTarget) => Promise<ReadOutcome<Value>>,
  ): Promise<{ readonly outcome: ReadCallOutcome<Value>; readonly isSessionLost: boolean }> {
    // Before the lease, which would not outlast a call of STS as well.
    const access = await this.access.targetOf(account, region);
    if (access.kind === 'no_key') return { outcome: access, isSessionLost: false };
    const lane = this.entrance.laneOf(account, region, 'DescribeImages');
    const lease = await this.lanes.take(lane, WAIT_IN_PLACE_MS);
    if (lease === null) return { outcome: { kind: 'busy' }, isSessionLost: false };
    try {
      const target = this.access.latest(account, access.target);
      const outcome = await call(target);
      if (outcome.kind !== 'refused') return { outcome, isSessionLost: false };
      await this.pacing.heed(lane, outcome);
      return { outcome, isSessionLost: this.access.dropRefused(account.id, target, outcome) };
    } finally {
      // The answer counts whether Redis can be told or not: a lease that is not rested ends by itself.
      await this.lanes.rest(lease).catch((error: unknown) => {
        this.log.warn({ event: 'lease.not_ended', lane: laneName(lane), error });
      });
    }
  }
}
