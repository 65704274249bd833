import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidInput } from '#libs/errors';
import { cloudEvent, EventFeed } from '#libs/events';
import { type EventId, isId } from '#libs/ids';
import type { Caller } from '#libs/tenants';
import { CurrentCaller, RequiresScope } from '../http/access.js';
import { cursorAfter, idAfter } from '../http/cursor.js';
import { pageOf } from '../http/page.js';
import { Problems } from '../http/problem.view.js';
import { EventPage } from './event.view.js';
import { EventsQuery } from './events-query.dto.js';

@ApiTags('Events')
@RequiresScope('images:read')
@Controller('v1/events')
export class EventsController {
  constructor(private readonly feed: EventFeed) {}

  @Get()
  @ApiOperation({
    summary: 'The feed of events, oldest first',
    description: 'Remember the id of the last event and pass it as `after` to go on from there.',
  })
  @ApiOkResponse({ type: EventPage })
  @Problems(400, 404)
  async list(@CurrentCaller() caller: Caller, @Query() query: EventsQuery): Promise<EventPage> {
    const { limit, types } = query;
    const after = startOf(query);
    const events = await this.feed.list(caller.tenantId, {
      limit: limit + 1,
      ...(after === null ? {} : { after }),
      ...(types === undefined ? {} : { types }),
    });
    return pageOf(events, limit, cloudEvent, ({ id }) => cursorAfter(id));
  }
}

function startOf({ cursor, after }: EventsQuery): EventId | null {
  if (cursor !== undefined) return idAfter('evt', cursor);
  if (after === undefined || isId('evt', after)) return after ?? null;
  throw new InvalidInput([{ pointer: '?after', code: 'malformed', detail: 'must be the id of an event' }]);
}
