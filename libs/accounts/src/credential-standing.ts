import type { AuditStore } from '#libs/audit';
import type { Clock } from '#libs/clock';
import type { Credentials } from '#libs/credentials';
import type { Outbox } from '#libs/events';
import type { AccountId, TenantId } from '#libs/ids';
import type { Postgres, Tx } from '#libs/postgres';
import type { Hints } from '#libs/redis';
import { accountEntry, type OnBehalf } from './account-entries.js';
import type { Account, CredentialRejection } from './account.js';
import type { AccountStore } from './account.store.js';
import { credentialRejectedEvent } from './account.events.js';

/** A call that the cloud refused because of the credential that signed it. */
export interface RefusedCall {
  readonly tenantId: TenantId;
  readonly accountId: AccountId;
  /** Which of the account's credentials signed it. */
  readonly credentialVersion: number;
  /**
   * From before it was signed. Null when the same was refused so often that the version alone shall count: the clocks
   * of two machines may differ.
   */
  readonly calledAt: Date | null;
  /** As the cloud's own audit names it, such as `cvm.CreateImage`. */
  readonly action: string;
  readonly code: string;
  readonly upstreamRequestId: string | null;
}

export type Standing =
  | { readonly kind: 'rejected'; readonly rejection: CredentialRejection }
  /** The refusal is about a credential that was replaced, or proved good since. It says nothing of the present one. */
  | { readonly kind: 'outdated' };

const OUTDATED: Standing = { kind: 'outdated' };

/**
 * Whether the cloud takes an account's credential. What marks and what repairs locks the account first, so each mark is
 * of the version that is in force, has exactly one event, and outlives no repair. Whoever waits for a verdict is told
 * after the commit by a hint, and finds it by reading the account in any case.
 */
export class CredentialStanding {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: AccountStore,
    private readonly credentials: Credentials,
    private readonly outbox: Outbox,
    private readonly audit: AuditStore,
    private readonly hints: Hints,
    private readonly clock: Clock,
  ) {}

  /**
   * Marks the account, unless it is marked already or the refusal is outdated. To be called before `tx` changes any row
   * that belongs to the account.
   */
  async refused(tx: Tx, call: RefusedCall, by: Omit<OnBehalf, 'tenantId'>): Promise<Standing> {
    const { tenantId, accountId } = call;
    const account = await this.store.findForUpdate(tx, tenantId, accountId);
    const credential = (await this.credentials.summaries(tx, tenantId, [accountId])).get(accountId);
    if (account === null || credential?.version !== call.credentialVersion) return OUTDATED;
    if (account.rejection !== null) return { kind: 'rejected', rejection: account.rejection };
    if (call.calledAt !== null && account.verifiedAt > call.calledAt) return OUTDATED;

    const at = this.clock.now();
    const { action, code, upstreamRequestId, credentialVersion } = call;
    const rejection = { at, code, upstreamRequestId };
    await this.store.noteRejected(tx, tenantId, accountId, rejection);
    const detail = { action, code, upstreamRequestId, version: credentialVersion };
    const entry = accountEntry({ ...by, tenantId }, 'account.credential_rejected', accountId, detail);
    await this.audit.append(tx, { ...entry, outcome: 'failure' }, at);
    await this.outbox.append(tx, credentialRejectedEvent({ ...account, rejection, credential }), at);
    this.tell(tx, accountId);
    return { kind: 'rejected', rejection };
  }

  /** The cloud has just vouched for the credential in force. `account` is as `tx` locked it; a mark that it bore is gone. */
  async proved(tx: Tx, account: Account, by: Omit<OnBehalf, 'tenantId'>): Promise<Account> {
    const at = this.clock.now();
    await this.store.noteGood(tx, account.tenantId, account.id, at);
    if (account.rejection !== null) {
      const { tenantId, id, rejection } = account;
      const detail = { rejectedAt: rejection.at.toISOString(), code: rejection.code };
      await this.audit.append(tx, accountEntry({ ...by, tenantId }, 'account.credential_restored', id, detail), at);
      this.tell(tx, id);
    }
    return { ...account, verifiedAt: at, rejection: null };
  }

  private tell(tx: Tx, accountId: AccountId): void {
    this.postgres.onCommit(tx, () => this.hints.give('credentials-judged', accountId));
  }
}
