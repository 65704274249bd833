import type { AuditStore } from '#libs/audit';
import type { Clock } from '#libs/clock';
import { rejectsCredential } from '#libs/cloud';
import type { Credentials, OpenCredential } from '#libs/credentials';
import type { Postgres, Tx } from '#libs/postgres';
import { credentialEntry, identityEntry, type OnBehalf } from './account-entries.js';
import { type Account, isSameIdentity } from './account.js';
import type { AccountStore } from './account.store.js';
import type { CheckAnswer, CredentialCheck } from './credential-check.js';
import type { CredentialStanding, RefusedCall } from './credential-standing.js';

/** What the cloud said of a stored credential. */
export interface Verdict {
  readonly answer: CheckAnswer;
  readonly at: Date;
}

/** Asks the cloud about the credential that an account has, and keeps what it said: marks the account, or clears its mark. */
export class CredentialVerification {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: AccountStore,
    private readonly credentials: Credentials,
    private readonly check: CredentialCheck,
    private readonly standing: CredentialStanding,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
  ) {}

  /**
   * The cloud is asked outside of any transaction, and only once it is on record that the credential was opened. An answer
   * about a credential that was replaced meanwhile judges nothing.
   */
  async verify(account: Account, by: OnBehalf): Promise<Verdict> {
    const calledAt = this.clock.now();
    const credential = await this.credentials.open(account.tenantId, account.id);
    await this.postgres.asTenant(account.tenantId, (tx) =>
      this.audit.append(tx, credentialEntry(by, 'credential.open', account.id, credential), calledAt),
    );
    const answer = await this.check.ofAccount(by, account, credential);
    const at = this.clock.now();
    await this.postgres.asTenant(account.tenantId, async (tx) => {
      await this.judge(tx, account, credential, answer, { calledAt, at }, by);
      if (answer.kind !== 'not_assumed') await this.audit.append(tx, identityEntry(by, account.id, answer), at);
    });
    return { answer, at };
  }

  private async judge(
    tx: Tx,
    { tenantId, id: accountId }: Account,
    { type, version }: OpenCredential,
    answer: CheckAnswer,
    times: { readonly calledAt: Date; readonly at: Date },
    by: OnBehalf,
  ): Promise<void> {
    if (answer.kind === 'unavailable' || (answer.kind === 'not_assumed' && answer.why.kind !== 'refused')) return;
    const account = await this.store.findForUpdate(tx, tenantId, accountId);
    const inForce = (await this.credentials.summaries(tx, tenantId, [accountId])).get(accountId);
    if (account === null || inForce?.version !== version) return;

    if (answer.kind === 'known' && isSameIdentity(account, answer.identity)) {
      await this.standing.proved(tx, account, by);
      return;
    }
    const refusal = refusalIn(answer, type);
    if (refusal !== null) {
      const call = { ...refusal, tenantId, accountId, credentialVersion: version, calledAt: times.calledAt };
      await this.standing.refused(tx, call, by);
    }
    // Whatever else it said, it has been asked; a mark stays as it was.
    await this.store.noteVerified(tx, tenantId, accountId, times.at);
  }
}

/** Null when nothing was said against the credential itself. A token that has just been made is no reason to doubt its role. */
function refusalIn(
  answer: CheckAnswer,
  type: OpenCredential['type'],
): Pick<RefusedCall, 'action' | 'code' | 'upstreamRequestId'> | null {
  if (answer.kind === 'not_assumed') {
    if (answer.why.kind !== 'refused') return null;
    return { action: 'sts.AssumeRole', code: answer.why.code, upstreamRequestId: answer.why.requestId };
  }
  if (answer.kind !== 'rejected' || type !== 'static' || !rejectsCredential(answer.code, { token: null })) return null;
  return { action: 'sts.GetCallerIdentity', code: answer.code, upstreamRequestId: answer.call.requestId };
}
