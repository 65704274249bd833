export { EVENT_TYPES } from './event.js';
export type { EventType, NewEvent, SequencedEvent } from './event.js';
export { cloudEvent } from './cloud-event.js';
export type { CloudEventEnvelope } from './cloud-event.js';
export { EventFeed } from './event-feed.js';
export { EventRelay } from './event-relay.js';
export type { EventSubscriber } from './event-relay.js';
export { EventStore } from './event.store.js';
export { Outbox } from './outbox.js';
