import { Webhook, WebhookVerificationError } from 'standardwebhooks';

export interface ServiceEvent {
  readonly id: string;
  readonly sequence: number;
  readonly type: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Gives the event, or throws unless it is signed with one of the secrets and at most five minutes old. `body` is the bytes
 * as they came: a body that was parsed and written again has another signature. Two secrets are in force while one of
 * them is being replaced.
 */
export function verify(body: Buffer, headers: Record<string, string>, secrets: readonly string[]): ServiceEvent {
  for (const secret of secrets) {
    try {
      return new Webhook(secret).verify(body, headers) as ServiceEvent;
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
    }
  }
  throw new WebhookVerificationError('signed with no secret of ours, or too old');
}
