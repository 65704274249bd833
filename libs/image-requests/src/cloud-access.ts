import { systemActor } from '#libs/audit';
import type { Account, CredentialRejection, CredentialStanding } from '#libs/accounts';
import { classify, type CloudTarget, CREDENTIAL_REJECTIONS } from '#libs/cloud';
import type { Credentials } from '#libs/credentials';
import { assertNever } from '#libs/errors';
import type { AccountRole, Assumption, RoleSessions } from '#libs/role-sessions';
import type { SystemPostgres } from '#libs/postgres';
import { noSession } from './failures.js';
import type { Failure } from './image-request.js';
import { BY_THE_WORKER } from './transitions.js';

/** The cloud rejects the account's credential. The account is marked, and nothing else is to be asked for it. */
export interface Rejected {
  readonly kind: 'rejected';
  readonly rejection: CredentialRejection;
}

/** No call can be signed for the role at the moment, which says nothing of the role. */
export interface NoSession {
  readonly kind: 'no_session';
  readonly failure: Failure;
}

export type Access = { readonly kind: 'open'; readonly target: CloudTarget } | Rejected | NoSession;

/**
 * Gets an account's key for the call that is about to be signed: opened for it alone, or lent by a session of its role. A
 * role that the cloud does not lend marks the account, as a refused call does.
 */
export class CloudAccess {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly credentials: Credentials,
    private readonly sessions: RoleSessions,
    private readonly standing: CredentialStanding,
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
    return this.hindered(role, assumption);
  }

  /** The same with the newest session of the role: while a call waits for its token, the session may come to its end. */
  latest(account: Account, target: CloudTarget): CloudTarget {
    if (!isOfSession(target)) return target;
    const { credentialVersion } = target;
    const credential = this.sessions.latest({ accountId: account.id, credentialVersion });
    return credential === null ? target : { ...target, credential };
  }

  /**
   * True when the cloud refused the key or the token of a role's session. That session is then used no more, and the next
   * call gets another: the refusal says nothing about the role.
   */
  dropRefused(accountId: Account['id'], target: CloudTarget, refusal: { readonly code: string }): boolean {
    const isOfItsKey =
      CREDENTIAL_REJECTIONS.includes(refusal.code) || classify(refusal.code).handling === 'refresh_credential';
    if (!isOfSession(target) || !isOfItsKey) return false;
    this.sessions.drop({ accountId, credentialVersion: target.credentialVersion }, target.credential);
    return true;
  }

  private async hindered(
    { tenantId, accountId, credentialVersion }: AccountRole,
    assumption: Exclude<Assumption, { kind: 'assumed' }>,
  ): Promise<Rejected | NoSession> {
    switch (assumption.kind) {
      case 'refused': {
        const { askedAt: calledAt, code, requestId: upstreamRequestId } = assumption;
        const call = {
          tenantId,
          accountId,
          credentialVersion,
          calledAt,
          action: 'sts.AssumeRole',
          code,
          upstreamRequestId,
        };
        const standing = await this.postgres.transaction((tx) => this.standing.refused(tx, call, BY_THE_WORKER));
        return standing.kind === 'rejected' ? standing : { kind: 'no_session', failure: noSession(code) };
      }
      case 'unavailable':
        return { kind: 'no_session', failure: noSession(assumption.cause) };
      case 'not_configured': {
        const cause = 'PLATFORM_SECRET_ID and PLATFORM_SECRET_KEY are not set';
        return { kind: 'no_session', failure: noSession(cause) };
      }
      default:
        return assertNever(assumption);
    }
  }
}

/** Keys of tenants have no token; sessions always do. */
function isOfSession({ credential }: CloudTarget): boolean {
  return credential.token !== null;
}
