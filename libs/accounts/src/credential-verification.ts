import type { AuditStore } from '#libs/audit';
import type { Clock } from '#libs/clock';
import { rejectsCredential } from '#libs/cloud';
import type { Credentials } from '#libs/credentials';
import type { Postgres, Tx } from '#libs/postgres';
import { credentialEntry, identityEntry, type OnBehalf } from './account-entries.js';
import { type Account, isSameIdentity } from './account.js';
import type { AccountStore } from './account.store.js';
import type { CredentialStanding } from './credential-standing.js';
import type { IdentityAnswer, IdentityCheck } from './identity-check.js';

/** What the cloud said of a stored credential. */
export interface Verdict {
  readonly answer: IdentityAnswer;
  readonly at: Date;
}

/** Asks the cloud about the credential that an account has, and keeps what it said: marks the account, or clears its mark. */
export class CredentialVerification {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: AccountStore,
    private readonly credentials: Credentials,
    private readonly identityCheck: IdentityCheck,
    private readonly standing: CredentialStanding,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
  ) {}

  /** The cloud is asked outside of any transaction. An answer about a credential that was replaced meanwhile judges nothing. */
  async verify(account: Account, by: OnBehalf): Promise<Verdict> {
    const calledAt = this.clock.now();
    const credential = await this.credentials.open(account.tenantId, account.id);
    if (credential.type !== 'static') throw new Error(`the credential of ${account.id} cannot be verified`);
    const answer = await this.identityCheck.ask(credential, account.site);
    const at = this.clock.now();
    await this.postgres.asTenant(account.tenantId, async (tx) => {
      await this.judge(tx, account, credential.version, answer, { calledAt, at }, by);
      await this.audit.append(tx, credentialEntry(by, 'credential.open', account.id, credential), at);
      await this.audit.append(tx, identityEntry(by, account.id, answer), at);
    });
    return { answer, at };
  }

  private async judge(
    tx: Tx,
    { tenantId, id: accountId }: Account,
    version: number,
    answer: IdentityAnswer,
    times: { readonly calledAt: Date; readonly at: Date },
    by: OnBehalf,
  ): Promise<void> {
    if (answer.kind === 'unavailable') return;
    const account = await this.store.findForUpdate(tx, tenantId, accountId);
    const inForce = (await this.credentials.summaries(tx, tenantId, [accountId])).get(accountId);
    if (account === null || inForce?.version !== version) return;

    if (answer.kind === 'known' && isSameIdentity(account, answer.identity)) {
      await this.standing.proved(tx, account, by);
      return;
    }
    if (answer.kind === 'rejected' && rejectsCredential(answer.code, { token: null })) {
      const { code, call } = answer;
      const refused = { tenantId, accountId, credentialVersion: version, code, upstreamRequestId: call.requestId };
      await this.standing.refused(tx, { ...refused, calledAt: times.calledAt, action: 'sts.GetCallerIdentity' }, by);
    }
    // Whatever else it said, it has been asked; a mark stays as it was.
    await this.store.noteVerified(tx, tenantId, accountId, times.at);
  }
}
