import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString } from 'class-validator';
import { EVENT_TYPES, type EventType } from '#libs/events';
import { Converted } from '../http/instantiate.js';
import { PageQuery } from '../http/page.query.dto.js';
import { ListFrom } from '../http/rules.js';

export class EventsQuery extends PageQuery {
  @ApiPropertyOptional({
    example: 'evt_01h455vb4pex5vsknk084sn02q',
    description: 'Only events behind this one. `cursor` takes precedence.',
  })
  @IsOptional()
  @IsString()
  after?: string;

  @EventTypes()
  types?: readonly EventType[];
}

export class EventStreamQuery {
  @ApiPropertyOptional({
    example: 'evt_01h455vb4pex5vsknk084sn02q',
    description:
      'Only events behind this one; `start` for all that are kept. Without it, what happens from now on. ' +
      '`Last-Event-ID` takes precedence.',
  })
  @IsOptional()
  @IsString()
  after?: string;

  @EventTypes()
  types?: readonly EventType[];
}

function EventTypes(): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({
      type: String,
      example: 'image_request.succeeded,image_request.failed',
      description: `Comma-separated, of: ${EVENT_TYPES.join(', ')}.`,
    }),
    IsOptional(),
    Converted((value) => (typeof value === 'string' ? value.split(',') : value)),
    ListFrom(EVENT_TYPES, { min: 1, max: EVENT_TYPES.length }),
  );
}
