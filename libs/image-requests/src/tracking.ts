import type { Account, AccountStore, CredentialRejection } from '#libs/accounts';
import type { CloudClient, CloudImage } from '#libs/cloud';
import type { Clock } from '#libs/clock';
import { CredentialUnopenable } from '#libs/credentials';
import type { AccountId } from '#libs/ids';
import type { Log } from '#libs/logging';
import type { SystemPostgres } from '#libs/postgres';
import { creationFailed, trackingDeadlineExceeded } from './failures.js';
import type { ImageRequest } from './image-request.js';
import { again, DONE, type NextStep } from './next-step.js';
import type { ReadCallOutcome, ReadCalls } from './read-calls.js';
import { lookPauseMs, type RetryPolicy } from './retry-policy.js';
import type { Settlement } from './settlement.js';
import type { TrackingStore } from './tracking.store.js';

/** Documented for `Limit`; for a list of ids no limit is documented, so it is taken for the same. */
const IMAGES_A_CALL = 100;
const IMAGES_A_ROUND = 10_000;
/** `USING`, "in use", stands only in the cloud's older pages; an image that is used is usable. */
const USABLE: readonly string[] = ['NORMAL', 'USING'];
/** The outcomes of a look for which no call was made. */
const NOT_ASKED: readonly string[] = ['rejected', 'no_session', 'busy'] satisfies ReadCallOutcome<never>['kind'][];

/** Follows the images of one account and region until each is usable or has failed, a hundred to a call. */
export class Tracking {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: TrackingStore,
    private readonly accounts: AccountStore,
    private readonly cloud: CloudClient,
    private readonly calls: ReadCalls,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly policy: RetryPolicy,
  ) {}

  /** One round over the images whose look is due; then says when the next round is, or that none is left. */
  async run(accountId: AccountId, region: string): Promise<NextStep> {
    const group = { accountId, region };
    // Looks that fall due shortly join this round: one call serves a hundred of them.
    const dueBy = new Date(this.clock.now().getTime() + this.policy.trackIntervalMs / 4);
    const due = await this.store.listDueImages(this.postgres.db, group, dueBy, IMAGES_A_ROUND);
    const [first] = due;
    if (first !== undefined) {
      const account = await this.accounts.find(this.postgres.db, first.tenantId, accountId);
      if (account === null) throw new Error(`the account of the open image request ${first.id} is gone`);
      let { rejection } = account;
      for (let at = 0; at < due.length; at += IMAGES_A_CALL)
        rejection = await this.look({ ...account, rejection }, region, due.slice(at, at + IMAGES_A_CALL));
    }
    const nextAt = await this.store.nextLookAt(this.postgres.db, group);
    if (nextAt === null) return DONE;
    // No longer than the first pause: an image that comes meanwhile is then looked at in its time.
    return again(Math.min(nextAt.getTime() - this.clock.now().getTime(), this.policy.trackIntervalMs));
  }

  /** Gives what keeps the next look from being made: while the account's credential is rejected, the images wait. */
  private async look(
    account: Account,
    region: string,
    requests: readonly ImageRequest[],
  ): Promise<CredentialRejection | null> {
    const ids = requests.flatMap((request) => request.imageId ?? []);
    const outcome = await this.ask(account, region, ids);
    this.log.debug({
      event: 'images.looked_at',
      accountId: account.id,
      region,
      images: ids.length,
      outcome: outcome.kind,
      duration_ms: 'durationMs' in outcome ? outcome.durationMs : 0,
    });

    // An answer that can't be used tells nothing of any image; each is looked at again, until its deadline.
    const images = new Map(outcome.kind === 'read' ? outcome.value.map((image) => [image.imageId, image]) : []);
    // Nor does the deadline count while nobody may ask: the image may have been usable for long.
    const wasAsked = !NOT_ASKED.includes(outcome.kind);
    const unfinished: ImageRequest[] = [];
    for (const request of requests) {
      const image = images.get(request.imageId ?? '');
      if (!wasAsked || !(await this.finish(request, image))) unfinished.push(request);
    }
    const now = this.clock.now().getTime();
    await this.store.postponeLooks(
      this.postgres.db,
      unfinished.map(({ id, submittedAt }) => ({
        id,
        at: new Date(now + lookPauseMs(this.policy, now - (submittedAt?.getTime() ?? now))),
      })),
    );
    return outcome.kind === 'rejected' ? outcome.rejection : null;
  }

  /** A credential that does not open waits for the operators; until they have mended it, nothing can be told of an image. */
  private async ask(account: Account, region: string, ids: readonly string[]) {
    try {
      return await this.calls.make(account, region, (target) => this.cloud.describeImages(target, ids));
    } catch (error) {
      if (!(error instanceof CredentialUnopenable)) throw error;
      const { tenantId, accountId, missingKeyId } = error;
      this.log.error({ event: 'credential.not_opened', tenantId, accountId, missingKeyId, images: ids.length, error });
      return { kind: 'unavailable', cause: 'the credential does not open', durationMs: 0 } as const;
    }
  }

  /**
   * True when the request has ended. An image that is not listed is no failure: the cloud shows a new one only after a
   * while. States that are not known are waited out.
   */
  private async finish(request: ImageRequest, image: CloudImage | undefined): Promise<boolean> {
    if (image !== undefined && USABLE.includes(image.state)) {
      await this.settlement.succeed(request);
      return true;
    }
    if (image?.state === 'CREATEFAILED') {
      await this.settlement.fail(request, creationFailed(image.imageId));
      return true;
    }
    const trackedMs = this.clock.now().getTime() - (request.submittedAt ?? request.updatedAt).getTime();
    if (trackedMs < this.policy.trackDeadlineMs) return false;
    await this.settlement.fail(request, trackingDeadlineExceeded(request.imageId ?? '', trackedMs));
    return true;
  }
}
