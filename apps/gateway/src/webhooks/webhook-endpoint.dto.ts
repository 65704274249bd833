import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsDefined, IsIn, IsOptional, ValidateIf } from 'class-validator';
import { EVENT_TYPES, type EventType } from '#libs/events';
import type { AccountId } from '#libs/ids';
import type { EndpointStatus } from '#libs/webhooks';
import { ListFrom, ListOf, Text } from '../http/rules.js';

const URL_LENGTH = { min: 1, max: 2048 };
const DESCRIPTION_LENGTH = { min: 0, max: 256 };
const ACCOUNT_ID = /^acc_[0-9a-hjkmnp-tv-z]{26}$/;
const ACCOUNTS = { min: 1, max: 100 };
const STATUSES = ['enabled', 'disabled'] as const;

export class CreateWebhookEndpoint {
  @ApiProperty({ format: 'uri', maxLength: 2048, example: 'https://hooks.example.com/images' })
  @IsDefined()
  @Text(URL_LENGTH)
  url!: string;

  @ApiPropertyOptional({ enum: EVENT_TYPES, isArray: true, nullable: true, description: 'Left out: all types.' })
  @IsOptional()
  @ListFrom(EVENT_TYPES, { min: 1, max: EVENT_TYPES.length })
  eventTypes?: readonly EventType[] | null;

  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    example: ['acc_01h455vb4pex5vsknk084sn02q'],
    description: 'Left out: all accounts.',
  })
  @IsOptional()
  @ListOf(ACCOUNT_ID, ACCOUNTS)
  accountIds?: readonly AccountId[] | null;

  @ApiPropertyOptional({ type: String, maxLength: 256, nullable: true, example: 'build dashboard' })
  @IsOptional()
  @Text(DESCRIPTION_LENGTH)
  description?: string | null;
}

/** What is left out stays as it is; null removes a filter or the description. */
export class PatchWebhookEndpoint {
  @ApiPropertyOptional({ format: 'uri', maxLength: 2048, example: 'https://hooks.example.com/images' })
  @ValidateIf((_dto, value) => value !== undefined)
  @Text(URL_LENGTH)
  url?: string;

  @ApiPropertyOptional({ enum: EVENT_TYPES, isArray: true, nullable: true })
  @IsOptional()
  @ListFrom(EVENT_TYPES, { min: 1, max: EVENT_TYPES.length })
  eventTypes?: readonly EventType[] | null;

  @ApiPropertyOptional({ type: [String], nullable: true })
  @IsOptional()
  @ListOf(ACCOUNT_ID, ACCOUNTS)
  accountIds?: readonly AccountId[] | null;

  @ApiPropertyOptional({ type: String, maxLength: 256, nullable: true })
  @IsOptional()
  @Text(DESCRIPTION_LENGTH)
  description?: string | null;

  @ApiPropertyOptional({ enum: STATUSES })
  @ValidateIf((_dto, value) => value !== undefined)
  @IsIn(STATUSES)
  status?: EndpointStatus;
}
