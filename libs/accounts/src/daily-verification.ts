import { systemActor } from '#libs/audit';
import type { Clock } from '#libs/clock';
import type { Log } from '#libs/logging';
import type { SystemPostgres } from '#libs/postgres';
import type { Account } from './account.js';
import type { CredentialVerification } from './credential-verification.js';
import type { IdentityAnswer } from './identity-check.js';
import type { VerificationStore } from './verification.store.js';

/** How a sweep's verifications ended. */
export type VerifiedCounts = Record<IdentityAnswer['kind'] | 'faulty', number>;

/** A marked account has its turn sooner: it may be mended in the cloud, or be marked for a right that the service lost. */
const TURNS = { everyMs: 24 * 3_600_000, markedEveryMs: 3_600_000 };
/** Nobody else verifies an account that a worker has claimed; and the first pause when nothing could be learned. */
const CLAIM_MS = 10 * 60_000;
/** One sweep's share. Sweeps follow each other after a pause, so that many accounts that are due at once are spread out. */
const ACCOUNTS_A_SWEEP = 10;
const AT_ONCE = 5;

/**
 * Finds out that a credential has stopped working before a request does: each active account is verified once a day, and one
 * that is marked once an hour.
 */
export class DailyVerification {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: VerificationStore,
    private readonly verification: CredentialVerification,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Verifies a few of those that are due. Any number may sweep at once; each account is one sweeper's. */
  async sweep(stopping: AbortSignal): Promise<VerifiedCounts> {
    const counts: VerifiedCounts = { known: 0, rejected: 0, unavailable: 0, faulty: 0 };
    const { db } = this.postgres;
    const share = { turns: TURNS, claimMs: CLAIM_MS, limit: ACCOUNTS_A_SWEEP };
    const accounts = await this.store.claim(db, share, this.clock.now());
    for (let from = 0; from < accounts.length && !stopping.aborted; from += AT_ONCE) {
      const kinds = await Promise.all(accounts.slice(from, from + AT_ONCE).map((account) => this.giveTurn(account)));
      for (const kind of kinds) counts[kind] += 1;
    }
    return counts;
  }

  /** What goes wrong with one account must not keep the others from being verified. */
  private async giveTurn(account: Account): Promise<keyof VerifiedCounts> {
    const kind = await this.verify(account);
    if (kind === 'known' || kind === 'rejected') return kind;
    const pauses = { firstMs: CLAIM_MS, turns: TURNS };
    await this.store.postpone(this.postgres.db, account, pauses, this.clock.now()).catch((error: unknown) => {
      this.log.warn({ event: 'verification.not_postponed', accountId: account.id, error });
    });
    return kind;
  }

  /** A credential that does not open, say for a lost master key, is `faulty`. */
  private async verify(account: Account): Promise<keyof VerifiedCounts> {
    const by = { tenantId: account.tenantId, actor: systemActor('worker'), requestId: null };
    try {
      const { answer } = await this.verification.verify(account, by);
      if (answer.kind !== 'not_assumed') return answer.kind;
      return answer.why.kind === 'refused' ? 'rejected' : 'unavailable';
    } catch (error) {
      this.log.error({ event: 'credential.not_verified', accountId: account.id, tenantId: account.tenantId, error });
      return 'faulty';
    }
  }
}
