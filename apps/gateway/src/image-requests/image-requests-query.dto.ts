import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { isId } from '#libs/ids';
import type { ImageRequestFilter, ImageRequestStatus } from '#libs/image-requests';
import { Converted } from '../http/instantiate.js';
import { PageQuery, wholeNumber } from '../http/page.query.dto.js';
import { ListFrom, TextMap, Timestamp } from '../http/rules.js';

const STATUSES = ['queued', 'submitting', 'creating', 'succeeded', 'failed', 'canceled'] as const;

export const WAIT_MAX_SECONDS = 60;

export class CreateQuery {
  @ApiPropertyOptional({ type: Boolean, default: false, description: 'Check everything and enqueue nothing.' })
  @IsOptional()
  @Converted((value) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean({ message: 'must be true or false' })
  validateOnly?: boolean;
}

export class WaitQuery {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: WAIT_MAX_SECONDS,
    description: 'Hold the answer until the request ends, or for this many seconds. `Prefer: wait=N` does the same.',
  })
  @IsOptional()
  @Converted(wholeNumber)
  @IsInt({ message: 'must be a whole number' })
  @Min(0)
  @Max(WAIT_MAX_SECONDS)
  wait?: number;
}

export class ImageRequestsQuery extends PageQuery {
  @ApiPropertyOptional({ example: 'acc_01h455vb4pex5vsknk084sn02q' })
  @IsOptional()
  @IsString()
  accountId?: string;

  @ApiPropertyOptional({ example: 'ap-guangzhou' })
  @IsOptional()
  @IsString()
  region?: string;

  @ApiPropertyOptional({ enum: STATUSES, isArray: true, description: 'Repeat it for more than one.' })
  @IsOptional()
  @Converted((value) => (typeof value === 'string' ? [value] : value))
  @ListFrom(STATUSES, { min: 1, max: STATUSES.length })
  status?: readonly ImageRequestStatus[];

  @ApiPropertyOptional({ example: 'myImage' })
  @IsOptional()
  @IsString()
  imageName?: string;

  @ApiPropertyOptional({ example: 'ins-6pb6lrmy' })
  @IsOptional()
  @IsString()
  instanceId?: string;

  @ApiPropertyOptional({ example: 'img-0yc6rie8' })
  @IsOptional()
  @IsString()
  imageId?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Included.' })
  @IsOptional()
  @Timestamp()
  createdAfter?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Not included.' })
  @IsOptional()
  @Timestamp()
  createdBefore?: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: '`metadata.KEY=value`, as often as needed; all must fit.',
  })
  @IsOptional()
  @TextMap({ pairsMax: 20, key: { min: 1, max: 40 }, value: { min: 0, max: 500 } })
  metadata?: Readonly<Record<string, string>>;
}

/** Null when nothing can fit, because the account's id is none. */
export function imageRequestFilterOf(query: ImageRequestsQuery): ImageRequestFilter | null {
  const { accountId, region, status, imageName, instanceId, imageId, createdAfter, createdBefore, metadata } = query;
  if (accountId !== undefined && !isId('acc', accountId)) return null;
  return {
    ...(accountId === undefined ? {} : { accountId }),
    ...(region === undefined ? {} : { region }),
    ...(status === undefined ? {} : { statuses: status }),
    ...(imageName === undefined ? {} : { imageName }),
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(imageId === undefined ? {} : { imageId }),
    ...(createdAfter === undefined ? {} : { createdAfter: new Date(createdAfter) }),
    ...(createdBefore === undefined ? {} : { createdBefore: new Date(createdBefore) }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}
