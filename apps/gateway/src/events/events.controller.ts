import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { InvalidInput } from '#libs/errors';
import { cloudEvent, EventFeed, EventNotKept } from '#libs/events';
import { type EventId, isId } from '#libs/ids';
import type { Caller } from '#libs/tenants';
import { CurrentCaller, RequiresScope } from '../http/access.js';
import { cursorAfter, idAfter } from '../http/cursor.js';
import { InvalidCursor } from '../http/http.errors.js';
import { pageOf } from '../http/page.js';
import { Problems } from '../http/problem.view.js';
import { EventPage } from './event.view.js';
import { EventStreams } from './event-streams.js';
import { EventsQuery, EventStreamQuery } from './events-query.dto.js';
import { STREAM_EXAMPLE } from './stream-example.js';
import { streamStart } from './stream-start.js';

@ApiTags('Events')
@RequiresScope('images:read')
@Controller('v1/events')
export class EventsController {
  constructor(
    private readonly feed: EventFeed,
    private readonly streams: EventStreams,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'The feed of events, oldest first',
    description: 'Remember the id of the last event and pass it as `after` to go on from there.',
  })
  @ApiOkResponse({ type: EventPage })
  @Problems(400, 404)
  async list(@CurrentCaller() caller: Caller, @Query() query: EventsQuery): Promise<EventPage> {
    const { limit, types, cursor } = query;
    const after = startOf(query);
    const listed = this.feed.list(caller.tenantId, {
      limit: limit + 1,
      ...(after === null ? {} : { after }),
      ...(types === undefined ? {} : { types }),
    });
    const events = await listed.catch((error: unknown) => {
      if (cursor === undefined || !(error instanceof EventNotKept)) throw error;
      throw new InvalidCursor('a cursor behind an event that is not there', { cause: error });
    });
    return pageOf(events, limit, cloudEvent, ({ id }) => cursorAfter(id));
  }

  @Get('stream')
  @ApiOperation({
    summary: 'Events as they happen (server-sent events)',
    description:
      '`id` is the id of the event, `event` its type, `data` its envelope as in the feed. A comment comes every 15 s. ' +
      'A client that comes back with `Last-Event-ID`, as an EventSource does by itself, misses nothing and gets nothing ' +
      'twice. Too many open streams of a tenant: 429 `too_many_streams`.',
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description:
      'Go on behind this event, or from the oldest kept one where it is `start`. Takes precedence over `after`.',
  })
  @ApiOkResponse({
    description: 'Goes on until the client leaves, the key ends or the gateway stops.',
    content: { 'text/event-stream': { schema: { type: 'string' }, example: STREAM_EXAMPLE } },
  })
  @Problems(400, 404, 503)
  async stream(
    @CurrentCaller() { tenantId }: Caller,
    @Query() { after, types }: EventStreamQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const from = streamStart(request.headers['last-event-id'], after);
    await this.streams.begin(request, reply, { tenantId, from, types });
  }
}

function startOf({ cursor, after }: EventsQuery): EventId | null {
  if (cursor !== undefined) return idAfter('evt', cursor);
  if (after === undefined || isId('evt', after)) return after ?? null;
  throw new InvalidInput([{ pointer: '?after', code: 'malformed', detail: 'must be the id of an event' }]);
}
