import { systemActor } from '#libs/audit';
import type { Account } from '#libs/accounts';
import { classify, type CloudTarget } from '#libs/cloud';
import type { Credentials } from '#libs/credentials';
import { assertNever } from '#libs/errors';
import type { AccountRole, Assumption, RoleSessions } from '#libs/role-sessions';
import { noSession, roleNotAssumable } from './failures.js';
import type { Failure } from './image-request.js';

/** No call can be signed for the account at the moment. */
export interface NoKey {
  readonly kind: 'no_key';
  readonly failure: Failure;
  /** Whether it may pass by itself; else the role's owner must do something first. */
  readonly passes: boolean;
  readonly credentialVersion: number;
}

export type Access = { readonly kind: 'open'; readonly target: CloudTarget } | NoKey;

/** Gets an account's key for the call that is about to be signed: opened for it alone, or lent by a session of its role. */
export class CloudAccess {
  constructor(
    private readonly credentials: Credentials,
    private readonly sessions: RoleSessions,
  ) {}

  async targetOf(account: Account, region: string): Promise<Access> {
    const credential = await this.credentials.open(account.tenantId, account.id);
    const { version: credentialVersion } = credential;
    const place = { site: account.site, region, credentialVersion };
    if (credential.type === 'static') {
      const { secretId, secretKey } = credential;
      return { kind: 'open', target: { ...place, credential: { secretId, secretKey, token: null } } };
    }
    const { roleArn, externalId } = credential;
    const role: AccountRole = {
      tenantId: account.tenantId,
      accountId: account.id,
      credentialVersion,
      site: account.site,
      roleArn,
      externalId,
      actor: systemActor('worker'),
      requestId: null,
    };
    const assumption = await this.sessions.open(role);
    if (assumption.kind === 'assumed') return { kind: 'open', target: { ...place, credential: assumption.credential } };
    return { kind: 'no_key', ...whatHinders(assumption), credentialVersion };
  }

  /** The same with the newest session of the role: while a call waits for its token, the session may come to its end. */
  latest(account: Account, target: CloudTarget): CloudTarget {
    if (!isOfSession(target)) return target;
    const { credentialVersion } = target;
    const credential = this.sessions.latest({ accountId: account.id, credentialVersion });
    return credential === null ? target : { ...target, credential };
  }

  /**
   * True when the cloud refused the token of a role's session. That session is then used no more, and the next call gets
   * another: the refusal says nothing about the role.
   */
  dropRefused(accountId: Account['id'], target: CloudTarget, refusal: { readonly code: string }): boolean {
    if (!isOfSession(target) || classify(refusal.code).handling !== 'refresh_credential') return false;
    this.sessions.drop({ accountId, credentialVersion: target.credentialVersion }, target.credential);
    return true;
  }
}

/** Keys of tenants have no token; sessions always do. */
function isOfSession({ credential }: CloudTarget): boolean {
  return credential.token !== null;
}

function whatHinders(assumption: Exclude<Assumption, { kind: 'assumed' }>): Pick<NoKey, 'failure' | 'passes'> {
  switch (assumption.kind) {
    case 'refused':
      return { passes: false, failure: roleNotAssumable(assumption.code, assumption.message, assumption.requestId) };
    case 'unavailable':
      return { passes: true, failure: noSession(assumption.cause) };
    case 'not_configured':
      return { passes: true, failure: noSession('PLATFORM_SECRET_ID and PLATFORM_SECRET_KEY are not set') };
    default:
      return assertNever(assumption);
  }
}
