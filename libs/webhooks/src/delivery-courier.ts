import { performance } from 'node:perf_hooks';
import type { Clock } from '#libs/clock';
import { cloudEvent, type SequencedEvent } from '#libs/events';
import type { OpenedSigner } from './endpoint-signer.js';
import type { DeliveryAttempt } from './webhook-delivery.js';
import type { SendResult, WebhookSender } from './webhook-sender.js';

/** What came back, and the record of it. */
export interface Errand {
  readonly result: SendResult;
  readonly attempt: DeliveryAttempt;
  /** Why nothing was sent, where that is our own fault. For the log alone. */
  readonly fault: Error | null;
}

const UNSIGNABLE: SendResult = {
  statusCode: null,
  error: "internal error: the endpoint's signing secret cannot be opened, so nothing was sent",
  responseBody: null,
  retryAfter: undefined,
};

/** Signs one event and posts it, once. */
export class DeliveryCourier {
  constructor(
    private readonly sender: WebhookSender,
    private readonly clock: Clock,
  ) {}

  /**
   * The id and the body are the same each time; time and signature are of the moment, as receivers want them. What can't be
   * signed is not sent, and counts as an attempt that failed: else it would be tried for ever, and nobody would see why.
   */
  async carry(event: SequencedEvent, url: string, signer: OpenedSigner): Promise<Errand> {
    const body = JSON.stringify(cloudEvent(event));
    const at = this.clock.now();
    const signing = signer.sign({ id: event.id, at, body });
    if (signing.kind === 'unsignable')
      return { result: UNSIGNABLE, attempt: attemptOf(at, 0, UNSIGNABLE), fault: signing.fault };

    const headers = {
      'content-type': 'application/cloudevents+json',
      'user-agent': 'cvm-image-service-webhooks',
      ...signing.headers,
    };
    const startedMs = performance.now();
    const result = await this.sender.post(url, headers, body);
    const durationMs = Math.round(performance.now() - startedMs);
    return { result, attempt: attemptOf(at, durationMs, result), fault: null };
  }
}

function attemptOf(at: Date, durationMs: number, { statusCode, error, responseBody }: SendResult): DeliveryAttempt {
  return { at, durationMs, statusCode, error, responseBody };
}
