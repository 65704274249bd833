import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsDefined, IsIn, IsInt, Max, Min, IsOptional, ValidateIf } from 'class-validator';
import { EVENT_TYPES, type EventType } from '#libs/events';
import type { AccountId } from '#libs/ids';
import { type EndpointStatus, SIGNATURE_SCHEMES, type SignatureScheme } from '#libs/webhooks';
import { ListFrom, ListHolds, ListOf, Text } from '../http/rules.js';

const URL_LENGTH = { min: 1, max: 2048 };
const DESCRIPTION_LENGTH = { min: 0, max: 256 };
const ACCOUNT_ID = /^acc_[0-9a-hjkmnp-tv-z]{26}$/;
const ACCOUNTS = { min: 1, max: 100 };
const STATUSES = ['enabled', 'disabled'] as const;
const SCHEMES = { min: 0, max: SIGNATURE_SCHEMES.length };
const DAY_SECONDS = 86_400;
const SCHEMES_MEANING =
  '`v1` is by the secret and always there; with `v1a` each delivery is signed by the key of the service as well, see `/.well-known/webhook-keys.json`.';

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

  @ApiPropertyOptional({ enum: SIGNATURE_SCHEMES, isArray: true, default: ['v1'], description: SCHEMES_MEANING })
  @ValidateIf((_dto, value) => value !== undefined)
  @ListFrom(SIGNATURE_SCHEMES, SCHEMES)
  @ListHolds('v1')
  signatureSchemes?: readonly SignatureScheme[];
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

  @ApiPropertyOptional({ enum: SIGNATURE_SCHEMES, isArray: true, description: SCHEMES_MEANING })
  @ValidateIf((_dto, value) => value !== undefined)
  @ListFrom(SIGNATURE_SCHEMES, SCHEMES)
  @ListHolds('v1')
  signatureSchemes?: readonly SignatureScheme[];
}

export class RotateSecret {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: DAY_SECONDS,
    default: DAY_SECONDS,
    description:
      'How long the secrets before it sign as well; 0 destroys them at once, as for one that somebody else knows.',
  })
  @ValidateIf((_dto, value) => value !== undefined)
  @IsInt({ message: 'must be a whole number' })
  @Min(0)
  @Max(DAY_SECONDS)
  overlapSeconds = DAY_SECONDS;
}
