import type { Account, AccountStore, CredentialRejection } from '#libs/accounts';
import type { Clock } from '#libs/clock';
import type { AccountId } from '#libs/ids';
import type { Log } from '#libs/logging';
import type { SystemPostgres } from '#libs/postgres';
import type { Queues } from '#libs/queues';
import type { Hints } from '#libs/redis';
import { type CredentialHoldStore, heldChanges, type Released } from './credential-hold.store.js';
import { credentialRejected } from './failures.js';
import type { ImageRequest } from './image-request.js';
import type { ImageRequestWorkStore } from './image-request-work.store.js';
import type { LaneEntrance } from './lane-entrance.js';
import { DONE, type NextStep } from './next-step.js';

/** Of a long backlog so many at a time begin or end to wait. */
const PAGE = 1000;

/**
 * Where requests wait whose account's credential the cloud rejects. They are in no lane and have no job, so they cost
 * nothing and hold up nobody, however many they are. The account's mark alone decides: who finds it begins to wait, and
 * whoever waits without it is let go, so a crash or a race between the two needs no other mending than the next look.
 */
export class CredentialHold {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: CredentialHoldStore,
    private readonly requests: ImageRequestWorkStore,
    private readonly accounts: AccountStore,
    private readonly entrance: LaneEntrance,
    private readonly queues: Queues,
    private readonly hints: Hints,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /**
   * One request begins to wait: a queued one, or one of whose call it is not known what became. One that waits for its
   * instance goes on doing that. Whoever sees to the others of the account is told, for they should leave their lanes.
   */
  async hold(request: ImageRequest, rejection: CredentialRejection): Promise<NextStep> {
    if (request.waitingFor === null || request.waitingFor === 'retry') {
      const changes =
        request.status === 'queued'
          ? heldChanges(rejection)
          : ({ waitingFor: 'credential', nextAttemptAt: null, error: credentialRejected(rejection) } as const);
      await this.requests.amend(this.postgres.db, request, changes, this.clock.now());
      await this.hints.give('credentials-judged', request.accountId);
    }
    return DONE;
  }

  /** For one that comes before `releaseRepaired` has come to it. */
  async letGo(request: ImageRequest): Promise<void> {
    await this.requests.amend(this.postgres.db, request, { waitingFor: null, error: null }, this.clock.now());
  }

  /** Everything of an account whose credential was rejected leaves its lanes and waits. Safe to repeat and to race. */
  async holdAll(accountId: AccountId): Promise<number> {
    const account = (await this.accounts.findManyOfAll(this.postgres.db, [accountId])).get(accountId);
    if (account === undefined || account.rejection === null) return 0;

    let held = 0;
    for (;;) {
      const page = await this.store.holdQueued(this.postgres.db, accountId, account.rejection, this.clock.now(), PAGE);
      await this.entrance.leaveAll(account, page);
      held += page.length;
      if (page.length < PAGE) break;
    }
    if (held > 0) this.log.info({ event: 'account.held', accountId, held });
    return held;
  }

  /** Lets go, oldest first, whoever waits for a credential that is good. Safe to repeat and to race. */
  async releaseRepaired(): Promise<number> {
    const held = await this.store.listHeldAccounts(this.postgres.db);
    const accounts = await this.accounts.findManyOfAll(this.postgres.db, held);
    let released = 0;
    for (const account of accounts.values()) if (account.rejection === null) released += await this.release(account);
    return released;
  }

  private async release(account: Account): Promise<number> {
    let released = 0;
    for (;;) {
      const page = await this.store.release(this.postgres.db, account.id, this.clock.now(), PAGE);
      await this.sendOn(account, page);
      released += page.length;
      if (page.length < PAGE) break;
    }
    if (released > 0) this.log.info({ event: 'account.released', accountId: account.id, released });
    return released;
  }

  private async sendOn(account: Account, page: readonly Released[]): Promise<void> {
    await this.entrance.enterAll(
      account,
      page.filter(({ status }) => status === 'queued'),
    );
    for (const { id, status } of page) if (status === 'submitting') await this.queues.submit(id);
  }
}
