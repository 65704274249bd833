import type { Account } from '#libs/accounts';
import type { CloudTarget, ReadOutcome } from '#libs/cloud';
import { laneName, type Lanes } from '#libs/lanes';
import type { Log } from '#libs/logging';
import type { CloudAccess } from './cloud-access.js';
import type { LaneEntrance } from './lane-entrance.js';
import type { Pacing } from './pacing.js';

/** A token may take so long to come free before the caller had better come back later. */
const WAIT_IN_PLACE_MS = 1000;

/** No token came free in time; nothing was asked. */
export interface Busy {
  readonly kind: 'busy';
}

/** Calls of DescribeImages, each with a token of its lane. */
export class ReadCalls {
  constructor(
    private readonly lanes: Lanes,
    private readonly entrance: LaneEntrance,
    private readonly access: CloudAccess,
    private readonly pacing: Pacing,
    private readonly log: Log,
  ) {}

  /** Makes one call with the account's credential, opened for it alone. Throws when Redis is out of reach: no token, no call. */
  async make<Value>(
    account: Account,
    region: string,
    call: (target: CloudTarget) => Promise<ReadOutcome<Value>>,
  ): Promise<ReadOutcome<Value> | Busy> {
    const lane = this.entrance.laneOf(account, region, 'DescribeImages');
    const lease = await this.lanes.take(lane, WAIT_IN_PLACE_MS);
    if (lease === null) return { kind: 'busy' };
    try {
      const outcome = await call(await this.access.targetOf(account, region));
      if (outcome.kind === 'refused') await this.pacing.heed(lane, outcome);
      return outcome;
    } finally {
      // The answer counts whether Redis can be told or not: a lease that is not rested ends by itself.
      await this.lanes.rest(lease).catch((error: unknown) => {
        this.log.warn({ event: 'lease.not_ended', lane: laneName(lane), error });
      });
    }
  }
}
