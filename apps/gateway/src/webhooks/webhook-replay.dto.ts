import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, ValidateIf } from 'class-validator';
import { Timestamp } from '../http/rules.js';

const ONLY = ['failed', 'missing'] as const;

export class ReplayDeliveries {
  @ApiPropertyOptional({
    format: 'date-time',
    example: '2026-01-31T12:00:00.000Z',
    description: 'Only events from this time on.',
  })
  @ValidateIf((_dto, value) => value !== undefined)
  @Timestamp()
  after?: string;

  @ApiPropertyOptional({
    enum: ONLY,
    description: '`failed`: deliveries that were given up. `missing`: events that were never tried at this endpoint.',
  })
  @ValidateIf((_dto, value) => value !== undefined)
  @IsIn(ONLY)
  only?: (typeof ONLY)[number];
}

export class ReplayView {
  @ApiProperty({ example: 12, description: 'How many deliveries were set going.' })
  count!: number;

  @ApiProperty({
    example: false,
    description:
      'True when one call could not set all of them going. Call again for the rest; with `after` alone, with the time of the last event that came.',
  })
  more!: boolean;
}
