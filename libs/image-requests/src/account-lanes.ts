import type { Account } from '#libs/accounts';
import { type Lane, type Lanes, type LaneState } from '#libs/lanes';
import { LanesUnavailable } from './image-requests.errors.js';
import type { LaneEntrance } from './lane-entrance.js';

/** A lane of an account. `region` is null for a host that serves several regions: they share the lane. */
export interface AccountLane extends LaneState {
  readonly region: string | null;
}

const ACTIONS: readonly Lane['action'][] = ['CreateImage', 'DescribeImages'];

/** The lanes that an account's calls pass through, one for each of the cloud's hosts and actions. */
export class AccountLanes {
  constructor(
    private readonly entrance: LaneEntrance,
    private readonly lanes: Lanes,
    private readonly regions: readonly string[],
  ) {}

  async list(account: Account): Promise<readonly AccountLane[]> {
    const regionsOfHost = new Map<string, string[]>();
    for (const region of this.regions) {
      const { host } = this.entrance.laneOf(account, region);
      regionsOfHost.set(host, [...(regionsOfHost.get(host) ?? []), region]);
    }
    const wanted = [...regionsOfHost.values()].flatMap((regions) =>
      ACTIONS.map((action) => ({
        region: regions.length === 1 ? (regions[0] ?? null) : null,
        lane: this.entrance.laneOf(account, regions[0] ?? '', action),
      })),
    );
    try {
      return await Promise.all(wanted.map(async ({ region, lane }) => ({ region, ...(await this.lanes.state(lane)) })));
    } catch (error) {
      throw new LanesUnavailable(error);
    }
  }
}
