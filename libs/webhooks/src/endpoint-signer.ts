import type { Log } from '#libs/logging';
import type { SystemPostgres } from '#libs/postgres';
import { type BoxWillNotOpen, MasterKeyMissing } from '#libs/sealing';
import type { Secret } from '#libs/secret';
import type { EndpointSecrets, OpenedSecrets } from './endpoint-secrets.js';
import { type Message, type SignatureHeaders, signatureHeaders } from './signature.js';
import type { OpenedKey, SigningKeys } from './signing-keys.service.js';
import type { WebhookEndpoint } from './webhook-endpoint.js';

/** The headers of a signed message, or why nothing signs it. */
export type Signing =
  | { readonly kind: 'signed'; readonly headers: SignatureHeaders }
  | { readonly kind: 'unsignable'; readonly fault: Error };

/** Signs the messages that go to one endpoint now. Not to be kept: what is replaced since is not noticed. */
export interface OpenedSigner {
  sign(message: Message): Signing;
}

type Fault = BoxWillNotOpen | MasterKeyMissing;

/**
 * Signs what goes to an endpoint, by all that its receiver may verify with at the message's time. Secrets are opened for
 * that alone.
 *
 * Where some of them do not open the others sign: a secret that is being replaced must not hold up what its successor
 * signs, and a receiver that knows only the missing one is no worse off than with nothing. It is a fault of ours, whichever
 * it is, and logged as one. Only what nothing signs is not sent.
 */
export class EndpointSigner {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly secrets: EndpointSecrets,
    private readonly keys: SigningKeys,
    private readonly log: Log,
  ) {}

  async open(endpoint: WebhookEndpoint, at: Date): Promise<OpenedSigner> {
    const { db } = this.postgres;
    const opened = await this.secrets.open(db, endpoint, at);
    const key = endpoint.signatureSchemes.includes('v1a') ? await this.keys.open(db, at) : null;
    const privateKey = key?.kind === 'open' ? key.privateKey : null;
    if (opened.secrets.length > 0 || privateKey !== null) this.logUnopened(endpoint, opened, key);
    const fault = opened.unopened[0]?.fault ?? new Error(`${endpoint.id} has no secret that signs`);
    return { sign: (message) => signed(message, opened, privateKey, fault) };
  }

  private logUnopened({ tenantId, id }: WebhookEndpoint, { unopened }: OpenedSecrets, key: OpenedKey | null): void {
    for (const { version, fault } of unopened)
      this.logFault({ event: 'webhook_secret.not_opened', tenantId, endpointId: id, version }, fault);
    if (key?.kind === 'unopenable')
      this.logFault({ event: 'webhook_signing_key.not_opened', tenantId, endpointId: id }, key.fault);
  }

  private logFault(line: Parameters<Log['error']>[0], fault: Fault): void {
    const missingKeyId = fault instanceof MasterKeyMissing ? fault.masterKeyId : null;
    this.log.error({ ...line, missingKeyId, error: fault });
  }
}

/** Looks at the time again: a secret may have ended between its opening and the message. */
function signed(message: Message, opened: OpenedSecrets, privateKey: Secret | null, fault: Error): Signing {
  const secrets = opened.secrets.filter(({ expiresAt }) => expiresAt === null || expiresAt > message.at);
  if (secrets.length === 0 && privateKey === null) return { kind: 'unsignable', fault };
  const headers = signatureHeaders(
    message,
    secrets.map(({ secret }) => secret),
    privateKey,
  );
  return { kind: 'signed', headers };
}
