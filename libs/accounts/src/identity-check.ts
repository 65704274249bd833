import type { UpstreamCall } from '#libs/audit';
import { classify, type CloudClient, type Endpoints, STS_REGION } from '#libs/cloud';
import type { Site } from '#libs/config';
import { assertNever } from '#libs/errors';
import type { Secret } from '#libs/secret';
import type { Identity } from './account.js';

export interface KnownIdentity {
  readonly kind: 'known';
  readonly identity: Identity;
  readonly call: UpstreamCall;
}

/** What the cloud says of a credential, and the call that was made to learn it. */
export type IdentityAnswer =
  | KnownIdentity
  /** It is no good: the cloud's own code says why. */
  | { readonly kind: 'rejected'; readonly code: string; readonly call: UpstreamCall }
  /** No answer, or one that says nothing about the credential. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly call: UpstreamCall };

/** Asks the cloud whose credential it is (`sts:GetCallerIdentity`): one call, which changes nothing. */
export class IdentityCheck {
  constructor(
    private readonly cloud: CloudClient,
    private readonly endpoints: Endpoints,
  ) {}

  async ask(
    {
      secretId,
      secretKey,
      token,
    }: { readonly secretId: Secret; readonly secretKey: Secret; readonly token: Secret | null },
    site: Site,
  ): Promise<IdentityAnswer> {
    const outcome = await this.cloud.getCallerIdentity({
      credential: { secretId, secretKey, token },
      site,
      region: STS_REGION,
    });
    const call: UpstreamCall = {
      endpoint: this.endpoints.sts(site).host,
      region: STS_REGION,
      action: 'sts:GetCallerIdentity',
      requestId: outcome.kind === 'unavailable' ? null : outcome.requestId,
      code: outcome.kind === 'refused' ? outcome.code : null,
      durationMs: outcome.durationMs,
      tokenWaitMs: null,
    };
    switch (outcome.kind) {
      case 'read': {
        const { uin, userId, arn } = outcome.value;
        return { kind: 'known', identity: { uin, userId, arn }, call };
      }
      case 'refused':
        // A call that came too fast, or was signed by a clock that is off, says nothing about the credential.
        if (saysNothing(outcome.code, token !== null)) return { kind: 'unavailable', reason: outcome.code, call };
        return { kind: 'rejected', code: outcome.code, call };
      case 'unavailable':
        return { kind: 'unavailable', reason: outcome.cause, call };
      default:
        return assertNever(outcome);
    }
  }
}

const SAYS_NOTHING: ReadonlySet<string> = new Set(['rate', 'own_clock', 'bug']);

/** A token that the cloud gave a moment ago and does not take is the cloud's trouble; a tenant's key should need none. */
function saysNothing(code: string, isOfSession: boolean): boolean {
  const kind = classify(code).class;
  return SAYS_NOTHING.has(kind) || (isOfSession && kind === 'refresh_token');
}
