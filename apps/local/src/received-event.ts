import type { IncomingHttpHeaders } from 'node:http';
import { Webhook } from 'standardwebhooks';

/** A webhook as it came in, whatever it holds: nothing here may be trusted until `verified` says so. */
export interface ReceivedEvent {
  /** Counts deliveries since the start. */
  readonly number: number;
  readonly receivedAt: Date;
  readonly verified: boolean;
  /** Why it could not be verified. */
  readonly refusal: string | undefined;
  readonly type: string;
  readonly subject: string;
  readonly imageId: string;
  readonly imageName: string;
  /** Indented when it is JSON, otherwise as it came. */
  readonly body: string;
}

export interface Delivery {
  readonly number: number;
  readonly receivedAt: Date;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Reads a delivery and judges its signature as any receiver would, with the library that integrators use. */
export function readDelivery(delivery: Delivery, secret: string | undefined): ReceivedEvent {
  const { number, receivedAt, headers, body } = delivery;
  const refusal = refusalOf(body, headers, secret);
  const event = objectAt(parsed(body));
  const imageRequest = objectAt(objectAt(event['data'])['imageRequest']);
  return {
    number,
    receivedAt,
    verified: refusal === undefined,
    refusal,
    type: textAt(event['type']) || 'unknown',
    subject: textAt(event['subject']),
    imageId: textAt(imageRequest['imageId']),
    imageName: textAt(imageRequest['imageName']),
    body: Object.keys(event).length > 0 ? JSON.stringify(event, null, 2) : body,
  };
}

function refusalOf(body: string, headers: IncomingHttpHeaders, secret: string | undefined): string | undefined {
  if (!secret) return 'the secret of the webhook endpoint is not known yet';
  try {
    new Webhook(secret).verify(body, flat(headers));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function flat(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function objectAt(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textAt(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
