import { EVENT_EXAMPLES } from '../docs/event-examples.js';

const EVENT = EVENT_EXAMPLES['image_request.succeeded'];

/** What the document shows of a stream. */
export const STREAM_EXAMPLE = `retry: 3000

id: ${EVENT.id}
event: ${EVENT.type}
data: ${JSON.stringify(EVENT)}

: keep-alive

`;
