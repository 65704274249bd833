import { classify, parseRateRefusal, rateScope } from '#libs/cloud';
import { type Lane, laneName, type Lanes } from '#libs/lanes';
import type { Log } from '#libs/logging';
import { assertNever } from '#libs/errors';

/** Slows down where the cloud says that calls come too fast: someone else uses the account, or a lower limit holds. */
export class Pacing {
  constructor(
    private readonly lanes: Lanes,
    private readonly log: Log,
  ) {}

  /**
   * Does nothing for a refusal that is not about the rate. Never throws: a pace that could not be lowered costs refusals,
   * and those are harmless.
   */
  async heed(lane: Lane, refusal: { readonly code: string; readonly message: string }): Promise<void> {
    if (classify(refusal.code).handling !== 'retry_rate') return;
    const excess = parseRateRefusal(refusal.message);
    try {
      const slowed = await this.lanesMeant(lane, refusal.code);
      await Promise.all(slowed.map((each) => this.lanes.slow(each, excess)));
      this.log.info({
        event: 'lane.slowed',
        lane: laneName(lane),
        lanes: slowed.length,
        code: refusal.code,
        ...excess,
      });
    } catch (error) {
      this.log.warn({ event: 'lane.not_slowed', lane: laneName(lane), code: refusal.code, error });
    }
  }

  private async lanesMeant(lane: Lane, code: string): Promise<readonly Lane[]> {
    const others = (belongs: (each: Lane) => boolean): Promise<readonly Lane[]> =>
      this.lanes.active((each) => belongs(each) && laneName(each) !== laneName(lane));
    const scope = rateScope(code);
    switch (scope) {
      case 'lane':
        return [lane];
      case 'account':
        return [lane, ...(await others(({ uin }) => uin === lane.uin))];
      case 'all':
        return [lane, ...(await others(() => true))];
      default:
        return assertNever(scope);
    }
  }
}
