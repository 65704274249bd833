import { ApiProperty } from '@nestjs/swagger';
import { EVENT_TYPES, type EventType } from '#libs/events';

/** A CloudEvents 1.0 envelope in structured JSON. */
export class EventView {
  @ApiProperty({ enum: ['1.0'] })
  specversion!: '1.0';

  @ApiProperty({ example: 'evt_01h455vb4pex5vsknk084sn02q' })
  id!: string;

  @ApiProperty({ example: '/accounts/acc_01h455vb4pex5vsknk084sn02q' })
  source!: string;

  @ApiProperty({ enum: EVENT_TYPES })
  type!: EventType;

  @ApiProperty({ example: 'ireq_01h455vb4pex5vsknk084sn02q' })
  subject!: string;

  @ApiProperty({ format: 'date-time' })
  time!: string;

  @ApiProperty({ enum: ['application/json'] })
  datacontenttype!: 'application/json';

  @ApiProperty({ example: 42, description: 'Without gaps within the tenant.' })
  sequence!: number;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'The object as it was then.' })
  data!: Readonly<Record<string, unknown>>;
}

export class EventPage {
  @ApiProperty({ type: [EventView] })
  data!: readonly EventView[];

  @ApiProperty({ type: String, nullable: true, description: '`cursor` of the next page; null on the last.' })
  nextCursor!: string | null;
}
