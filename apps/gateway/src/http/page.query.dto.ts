import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { Converted } from './instantiate.js';

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 200;

/** What every list takes. */
export class PageQuery {
  @ApiPropertyOptional({ minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT, description: 'How many at most.' })
  @Converted(wholeNumber)
  @IsInt({ message: 'must be a whole number' })
  @Min(1)
  @Max(LIMIT_MAX)
  limit: number = LIMIT_DEFAULT;

  @ApiPropertyOptional({ description: '`nextCursor` of the page before.' })
  @IsOptional()
  @IsString()
  cursor?: string;
}

/** Queries know only text; text that is no whole number stays what it is, and is refused. */
export function wholeNumber(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
}
