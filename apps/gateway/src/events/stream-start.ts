import { InvalidInput } from '#libs/errors';
import type { FollowFrom } from '#libs/events';
import { isId } from '#libs/ids';
import { START } from './event-stream.js';

/**
 * Where a stream begins. The header comes first: a browser that reconnects sends the id of the last event that it got, with
 * the address as it was. An empty one says nothing, as it does in browsers.
 */
export function streamStart(
  lastEventId: string | readonly string[] | undefined,
  after: string | undefined,
): FollowFrom {
  const header = typeof lastEventId === 'string' ? lastEventId.trim() : lastEventId?.join();
  if (header !== undefined && header !== '') return placeNamed(header, 'Last-Event-ID');
  return after === undefined ? 'now' : placeNamed(after, '?after');
}

function placeNamed(text: string, pointer: string): FollowFrom {
  if (text === START || isId('evt', text)) return text;
  throw new InvalidInput([{ pointer, code: 'malformed', detail: `must be the id of an event, or "${START}"` }]);
}
