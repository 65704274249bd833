import type { EventType, SequencedEvent } from './event.js';

/** A CloudEvents 1.0 envelope in structured JSON: one form for webhooks, the stream and the feed. */
export interface CloudEventEnvelope {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: EventType;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /**
   * A CloudEvents Integer, so that receivers compare it without parsing. The optional "sequence" extension of CloudEvents
   * would be a string that sorts lexicographically; ours counts, and says more: the numbers have no gaps.
   */
  readonly sequence: number;
  readonly data: object;
}

/** The same envelope for the same event every time, whoever asks: a receiver may compare bodies byte by byte. */
export function cloudEvent(event: SequencedEvent): CloudEventEnvelope {
  return {
    specversion: '1.0',
    id: event.id,
    source: event.accountId === null ? `/tenants/${event.tenantId}` : `/accounts/${event.accountId}`,
    type: event.type,
    subject: event.subject,
    time: event.createdAt.toISOString(),
    datacontenttype: 'application/json',
    sequence: event.sequence,
    data: event.data,
  };
}
