import type { AuditStore } from '#libs/audit';
import type { Clock } from '#libs/clock';
import type { Site } from '#libs/config';
import type { CredentialOrder, Credentials } from '#libs/credentials';
import { assertNever, NotFound } from '#libs/errors';
import { type AccountId, isId, newId, type TenantId } from '#libs/ids';
import type { Postgres, Tx } from '#libs/postgres';
import type { Caller } from '#libs/tenants';
import {
  type Account,
  type AccountChange,
  type AccountWithCredential,
  type Identity,
  isSameIdentity,
} from './account.js';
import { accountEntry, credentialEntry, identityEntry } from './account-entries.js';
import type { AccountStore } from './account.store.js';
import {
  AccountDisabled,
  AccountInUse,
  AssumeRoleUnavailable,
  CredentialIdentityMismatch,
  CredentialRejected,
  UnknownAccount,
  UpstreamUnavailable,
} from './accounts.errors.js';
import type { CheckAnswer, CredentialCheck, NotAssumed } from './credential-check.js';
import type { CredentialStanding } from './credential-standing.js';
import type { CredentialVerification } from './credential-verification.js';
import type { KnownIdentity } from './identity-check.js';

/** What a new account is to be. */
export interface AccountOrder {
  readonly name: string;
  readonly site: Site;
  readonly credential: CredentialOrder;
}

/** What a live check of a stored credential found. */
export interface Verification extends Identity {
  /** Whether it is still the identity that the account was registered with. */
  readonly ok: boolean;
  readonly checkedAt: Date;
}

/** Throws when the caller's key has ended while the cloud was asked. */
export type StillInForce = () => Promise<void>;

/** Answers inside the transaction that deletes; the account is locked, so no request can be accepted meanwhile. */
export type AccountUse = (tx: Tx, tenantId: TenantId, accountId: AccountId) => Promise<boolean>;

/**
 * The cloud accounts of tenants. No credential is kept that the cloud did not vouch for a moment before; the cloud is
 * asked outside of any transaction, and what it said is written down whether it said yes or no.
 */
export class Accounts {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: AccountStore,
    private readonly credentials: Credentials,
    private readonly check: CredentialCheck,
    private readonly standing: CredentialStanding,
    private readonly verification: CredentialVerification,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
  ) {}

  async create(caller: Caller, order: AccountOrder, stillInForce?: StillInForce): Promise<AccountWithCredential> {
    const { kept, answer } = await this.check.ofOrder(caller, order.credential, order.site, null);
    const known = await this.knownOf(answer, caller, null, stillInForce);
    const at = this.clock.now();
    const account: Account = {
      ...known.identity,
      id: newId('acc'),
      tenantId: caller.tenantId,
      name: order.name,
      site: order.site,
      status: 'active',
      verifiedAt: at,
      rejection: null,
      createdAt: at,
      updatedAt: at,
    };
    return this.postgres.asTenant(caller.tenantId, async (tx) => {
      await this.store.insert(tx, account);
      const credential = await this.credentials.create(tx, caller.tenantId, account.id, kept);
      await this.audit.append(tx, identityEntry(caller, account.id, known), at);
      const detail = { name: account.name, site: account.site };
      await this.audit.append(tx, accountEntry(caller, 'account.create', account.id, detail), at);
      await this.audit.append(tx, credentialEntry(caller, 'credential.create', account.id, credential), at);
      return { ...account, credential };
    });
  }

  async get(tenantId: TenantId, id: string): Promise<AccountWithCredential> {
    return this.withCredential(await this.find(tenantId, id));
  }

  /** For what outlives an account, such as its audit log: finds a deleted one as well. */
  async idOfEver(tenantId: TenantId, id: string): Promise<AccountId> {
    if (!isId('acc', id)) throw new NotFound('account');
    if (!(await this.postgres.asTenant(tenantId, (tx) => this.store.wasEver(tx, tenantId, id))))
      throw new NotFound('account');
    return id;
  }

  async list(
    tenantId: TenantId,
    page: { readonly after: AccountId | null; readonly limit: number },
  ): Promise<readonly AccountWithCredential[]> {
    return this.postgres.asTenant(tenantId, async (tx) => {
      const accounts = await this.store.list(tx, tenantId, page);
      const ids = accounts.map((account) => account.id);
      const summaries = await this.credentials.summaries(tx, tenantId, ids);
      return accounts.flatMap((account) => {
        const credential = summaries.get(account.id);
        // Deleted between the two reads, and its credential with it.
        return credential === undefined ? [] : [{ ...account, credential }];
      });
    });
  }

  async patch(caller: Caller, id: string, change: AccountChange): Promise<AccountWithCredential> {
    const at = this.clock.now();
    const account = await this.postgres.asTenant(caller.tenantId, async (tx) => {
      const changed = isId('acc', id) ? await this.store.update(tx, caller.tenantId, id, change, at) : null;
      if (changed === null) throw new NotFound('account');
      await this.audit.append(tx, accountEntry(caller, 'account.update', changed.id, { ...change }), at);
      return changed;
    });
    return this.withCredential(account);
  }

  /**
   * The old credential stays in force until the cloud has vouched for the new one, and for the same identity. That repairs
   * an account whose credential was rejected.
   */
  async replaceCredential(
    caller: Caller,
    id: string,
    order: CredentialOrder,
    stillInForce?: StillInForce,
  ): Promise<AccountWithCredential> {
    const { id: accountId, site } = await this.find(caller.tenantId, id);
    const { kept, answer } = await this.check.ofOrder(caller, order, site, accountId);
    const known = await this.knownOf(answer, caller, accountId, stillInForce);
    const { identity } = known;
    const at = this.clock.now();
    const replaced = await this.postgres.asTenant(caller.tenantId, async (tx) => {
      const account = await this.store.findForUpdate(tx, caller.tenantId, accountId);
      if (account === null) throw new NotFound('account');
      await this.audit.append(tx, identityEntry(caller, accountId, known), at);
      if (!isSameIdentity(account, identity)) {
        const refused = accountEntry(caller, 'credential.rotate', accountId, { reason: 'identity_mismatch' });
        await this.audit.append(tx, { ...refused, outcome: 'failure' }, at);
        return null;
      }

      const credential = await this.credentials.replace(tx, caller.tenantId, accountId, kept);
      await this.audit.append(tx, credentialEntry(caller, 'credential.rotate', accountId, credential), at);
      const proved = await this.standing.proved(tx, account, caller);
      await this.store.update(tx, caller.tenantId, accountId, { arn: identity.arn }, at);
      return { ...proved, arn: identity.arn, updatedAt: at, credential };
    });
    // Thrown after the commit: that the cloud was asked, and what it said, stays on record.
    if (replaced === null) throw new CredentialIdentityMismatch();
    return replaced;
  }

  /** Asks the cloud about the credential that is in force. Its answer marks the account, or clears its mark. */
  async verify(caller: Caller, id: string): Promise<Verification> {
    const account = await this.find(caller.tenantId, id);
    const { answer, at } = await this.verification.verify(account, caller);
    const { identity } = assertKnown(answer);
    return { ...identity, ok: isSameIdentity(account, identity), checkedAt: at };
  }

  /** Its sealed credential is destroyed with it. `isInUse` is asked while nobody can start to use the account. */
  async delete(caller: Caller, id: string, isInUse: AccountUse): Promise<void> {
    const at = this.clock.now();
    const { tenantId } = caller;
    await this.postgres.asTenant(tenantId, async (tx) => {
      const account = isId('acc', id) ? await this.store.findForUpdate(tx, tenantId, id) : null;
      if (account === null) throw new NotFound('account');
      if (await isInUse(tx, tenantId, account.id)) throw new AccountInUse();

      const summaries = await this.credentials.summaries(tx, tenantId, [account.id]);
      const credential = summaries.get(account.id);
      await this.credentials.destroy(tx, tenantId, account.id);
      await this.store.markDeleted(tx, tenantId, account.id, at);
      if (credential !== undefined)
        await this.audit.append(tx, credentialEntry(caller, 'credential.destroy', account.id, credential), at);
      await this.audit.append(tx, accountEntry(caller, 'account.delete', account.id, { name: account.name }), at);
    });
  }

  /**
   * For whoever is about to order something for the account: until `tx` ends it can be neither deleted nor disabled.
   * Refuses a disabled account, and one that the tenant does not have.
   */
  async holdActive(tx: Tx, tenantId: TenantId, id: AccountId): Promise<Account> {
    const account = await this.store.findForShare(tx, tenantId, id);
    if (account === null) throw new UnknownAccount();
    if (account.status === 'disabled') throw new AccountDisabled();
    return account;
  }

  private async find(tenantId: TenantId, id: string): Promise<Account> {
    const account = isId('acc', id)
      ? await this.postgres.asTenant(tenantId, (tx) => this.store.find(tx, tenantId, id))
      : null;
    if (account === null) throw new NotFound('account');
    return account;
  }

  private async withCredential(account: Account): Promise<AccountWithCredential> {
    const summaries = await this.postgres.asTenant(account.tenantId, (tx) =>
      this.credentials.summaries(tx, account.tenantId, [account.id]),
    );
    const credential = summaries.get(account.id);
    if (credential === undefined) throw new NotFound('account');
    return { ...account, credential };
  }

  /**
   * A refusal is written down before it is thrown, the cloud's and that of a key which has ended meanwhile; what follows a
   * success writes it down with the change itself.
   */
  private async knownOf(
    answer: CheckAnswer,
    caller: Caller,
    accountId: AccountId | null,
    stillInForce: StillInForce = async () => undefined,
  ): Promise<KnownIdentity> {
    // That a role was not assumed is on record already.
    if (answer.kind === 'not_assumed') return assertKnown(answer);
    try {
      const known = assertKnown(answer);
      await stillInForce();
      return known;
    } catch (error) {
      const entry = identityEntry(caller, accountId, answer);
      await this.postgres.asTenant(caller.tenantId, (tx) => this.audit.append(tx, entry, this.clock.now()));
      throw error;
    }
  }
}

function assertKnown(answer: CheckAnswer): KnownIdentity {
  switch (answer.kind) {
    case 'known':
      return answer;
    case 'rejected':
      throw new CredentialRejected(answer.code, answer.call.requestId);
    case 'unavailable':
      throw new UpstreamUnavailable(answer.reason);
    case 'not_assumed':
      throw refusalOf(answer);
    default:
      return assertNever(answer);
  }
}

function refusalOf({ why, externalId }: NotAssumed): Error {
  switch (why.kind) {
    case 'refused':
      return new CredentialRejected(why.code, why.requestId, externalId);
    case 'unavailable':
      return new UpstreamUnavailable(why.cause);
    case 'not_configured':
      return new AssumeRoleUnavailable();
    default:
      return assertNever(why);
  }
}
