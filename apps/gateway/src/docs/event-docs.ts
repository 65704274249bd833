import { EVENT_TYPES, type CloudEventEnvelope, type EventType } from '#libs/events';
import { EVENT_VIEWS } from '../events/event.view.js';
import { EVENT_EXAMPLES } from './event-examples.js';

/** When each is sent, in the words of docs/webhooks.md; a test holds the two together. */
export const EVENT_MEANINGS: Readonly<Record<EventType, string>> = {
  'image_request.queued': 'when an image request is accepted, and when it is tried again',
  'image_request.submitted': 'when the cloud accepted it; the image id is known from here on',
  'image_request.succeeded': 'when its image is there, or its dry run passed',
  'image_request.failed': 'when it has failed for good; `error` says why',
  'image_request.canceled': 'when it was canceled before the cloud was called',
  'webhook_endpoint.disabled': 'when the service itself disables an endpoint',
  'webhook_endpoint.test': 'on `POST /v1/webhook-endpoints/{id}/test`, to that endpoint alone',
  'account.credential_rejected': "when the cloud no longer takes an account's key",
};

/** What both documents say of one type of event. */
export interface EventDoc {
  readonly type: EventType;
  /** Of the class that documents it. */
  readonly schemaName: string;
  readonly meaning: string;
  readonly example: CloudEventEnvelope;
}

export const EVENT_DOCS: readonly EventDoc[] = EVENT_TYPES.map((type) => ({
  type,
  schemaName: EVENT_VIEWS[type].name,
  meaning: EVENT_MEANINGS[type],
  example: EVENT_EXAMPLES[type],
}));

/** How long a receiver has, as WEBHOOK_TIMEOUT_MS has it unless an operator changed it. */
const ANSWER_WITHIN = '15 seconds';

/** What a receiver's answer leads to, in the words of both documents. */
export const RECEIVER_ANSWERS = {
  taken: `Taken: the delivery is done. To be answered within ${ANSWER_WITHIN}, body included; do the work afterwards.`,
  gone: 'The receiver wants no more: the endpoint is disabled, and a `webhook_endpoint.disabled` goes to the others.',
  other:
    'Anything else, too late or not at all: sent again on the schedule of docs/webhooks.md. `Retry-After` is honoured; ' +
    'redirects are not followed.',
} as const;

interface HeaderDoc {
  readonly name: string;
  readonly description: string;
  readonly pattern: string;
  readonly example: string;
}

/** The headers of Standard Webhooks, by which a receiver knows an event, its age and its sender. */
export const WEBHOOK_HEADERS: readonly HeaderDoc[] = [
  {
    name: 'webhook-id',
    description: 'The id of the event, the same in every attempt: dedupe by it.',
    pattern: '^evt_[0-9a-z]+$',
    example: 'evt_01kdyc9pn6ep7bkzq4xw1v8j2m',
  },
  {
    name: 'webhook-timestamp',
    description: 'When this attempt was made, in seconds since 1970. Refuse what is older than five minutes.',
    pattern: '^[0-9]+$',
    example: '1767323045',
  },
  {
    name: 'webhook-signature',
    description:
      'One or more signatures, separated by spaces, each after its version and a comma. One that fits is enough: there ' +
      'are several while a secret is being replaced.',
    pattern: '^v1a?,[A-Za-z0-9+/]+={0,2}( v1a?,[A-Za-z0-9+/]+={0,2})*$',
    example: 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  },
];

export const CLOUD_EVENT_JSON = 'application/cloudevents+json';
