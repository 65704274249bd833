import type { Site } from '#libs/config';
import type { CredentialOrder, KeptCredential, OpenCredential } from '#libs/credentials';
import type { AccountId } from '#libs/ids';
import type { Assumption, RoleAssumption } from '#libs/role-sessions';
import type { Tenants } from '#libs/tenants';
import type { OnBehalf } from './account-entries.js';
import type { Account } from './account.js';
import type { IdentityAnswer, IdentityCheck } from './identity-check.js';

/** There was nobody to ask about, for the role could not be assumed. The call of STS is on record already. */
export interface NotAssumed {
  readonly kind: 'not_assumed';
  readonly why: Exclude<Assumption, { readonly kind: 'assumed' }>;
  readonly externalId: string;
}

export type CheckAnswer = IdentityAnswer | NotAssumed;

/** A credential as it would be kept, and whose the cloud says it is. */
export interface CheckedCredential {
  readonly kept: KeptCredential;
  readonly answer: CheckAnswer;
}

/** Asks the cloud whose a credential is. A role is assumed first. */
export class CredentialCheck {
  constructor(
    private readonly identities: IdentityCheck,
    private readonly assumption: RoleAssumption,
    private readonly tenants: Tenants,
  ) {}

  /** Of what a tenant hands over. `accountId` is null while there is no account yet. */
  async ofOrder(
    by: OnBehalf,
    order: CredentialOrder,
    site: Site,
    accountId: AccountId | null,
  ): Promise<CheckedCredential> {
    if (order.type === 'static') {
      const { secretId, secretKey } = order;
      return { kept: order, answer: await this.identities.ask({ secretId, secretKey, token: null }, site) };
    }
    // Whoever could choose the external id could have us assume the roles of others.
    const externalId = await this.tenants.externalIdOf(by.tenantId);
    const { roleArn } = order;
    const { tenantId, actor, requestId } = by;
    const role = { tenantId, accountId, site, roleArn, externalId, actor, requestId };
    const answer = await this.askAs(await this.assumption.assume(role), externalId, site);
    return { kept: { type: 'assumeRole', roleArn, externalId }, answer };
  }

  /** Of what is kept. A role is assumed anew: a session that still lives would not tell that it is no longer lent. */
  async ofAccount(by: OnBehalf, account: Account, credential: OpenCredential): Promise<CheckAnswer> {
    const { site } = account;
    if (credential.type === 'static') {
      const { secretId, secretKey } = credential;
      return this.identities.ask({ secretId, secretKey, token: null }, site);
    }
    const { roleArn, externalId } = credential;
    const { tenantId, actor, requestId } = by;
    const role = { tenantId, accountId: account.id, site, roleArn, externalId, actor, requestId };
    return this.askAs(await this.assumption.assume(role), externalId, site);
  }

  private async askAs(assumption: Assumption, externalId: string, site: Site): Promise<CheckAnswer> {
    if (assumption.kind !== 'assumed') return { kind: 'not_assumed', why: assumption, externalId };
    return this.identities.ask(assumption.credential, site);
  }
}
