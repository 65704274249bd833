import type { Site } from '#libs/config';
import type { CredentialOrder, KeptCredential, OpenCredential } from '#libs/credentials';
import { assertNever } from '#libs/errors';
import type { AccountId } from '#libs/ids';
import type { Assumption, RoleAssumption, RoleSessions } from '#libs/role-sessions';
import type { Caller, Tenants } from '#libs/tenants';
import type { Account } from './account.js';
import { AssumeRoleUnavailable, CredentialRejected, UpstreamUnavailable } from './accounts.errors.js';
import type { IdentityAnswer, IdentityCheck } from './identity-check.js';

/** A credential as it would be kept, and whose the cloud says it is. */
export interface CheckedCredential {
  readonly kept: KeptCredential;
  readonly answer: IdentityAnswer;
}

/**
 * Asks the cloud whose a credential is. A role is assumed first; when that fails there is nobody to ask about, and the
 * check throws, with the call of STS already on record.
 */
export class CredentialCheck {
  constructor(
    private readonly identities: IdentityCheck,
    private readonly assumption: RoleAssumption,
    private readonly sessions: RoleSessions,
    private readonly tenants: Tenants,
  ) {}

  /** Of what a tenant hands over. `accountId` is null while there is no account yet. */
  async ofOrder(
    caller: Caller,
    order: CredentialOrder,
    site: Site,
    accountId: AccountId | null,
  ): Promise<CheckedCredential> {
    if (order.type === 'static') {
      const { secretId, secretKey } = order;
      return { kept: order, answer: await this.identities.ask({ secretId, secretKey, token: null }, site) };
    }
    // Whoever could choose the external id could have us assume the roles of others.
    const externalId = await this.tenants.externalIdOf(caller.tenantId);
    const { roleArn } = order;
    const { tenantId, actor, requestId } = caller;
    const role = { tenantId, accountId, site, roleArn, externalId, actor, requestId };
    const session = sessionIn(await this.assumption.assume(role), externalId);
    return { kept: { type: 'assumeRole', roleArn, externalId }, answer: await this.identities.ask(session, site) };
  }

  /** Of what is kept. A role is assumed anew: a session that still lives would not tell that it is no longer trusted. */
  async ofAccount(caller: Caller, account: Account, credential: OpenCredential): Promise<IdentityAnswer> {
    const { site } = account;
    if (credential.type === 'static') {
      const { secretId, secretKey } = credential;
      return this.identities.ask({ secretId, secretKey, token: null }, site);
    }
    const { roleArn, externalId, version: credentialVersion } = credential;
    const { tenantId, actor, requestId } = caller;
    const role = { tenantId, site, roleArn, externalId, actor, requestId, accountId: account.id, credentialVersion };
    return this.identities.ask(sessionIn(await this.sessions.renew(role), externalId), site);
  }
}

function sessionIn(assumption: Assumption, externalId: string) {
  switch (assumption.kind) {
    case 'assumed':
      return assumption.credential;
    case 'refused':
      throw new CredentialRejected(assumption.code, assumption.requestId, externalId);
    case 'unavailable':
      throw new UpstreamUnavailable(assumption.cause);
    case 'not_configured':
      throw new AssumeRoleUnavailable();
    default:
      return assertNever(assumption);
  }
}
