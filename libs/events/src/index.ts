export { EVENT_TYPES } from './event.js';
export type { EventType, NewEvent, StoredEvent } from './event.js';
export { EventStore } from './event.store.js';
export { Outbox } from './outbox.js';
