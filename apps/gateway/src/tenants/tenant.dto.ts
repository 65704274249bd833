import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsDefined, IsIn, ValidateIf } from 'class-validator';
import type { TenantStatus } from '#libs/tenants';
import { Name } from '../http/rules.js';

const NAME = { min: 1, max: 100 };
const STATUSES = ['active', 'suspended'] as const;

export class CreateTenant {
  @ApiProperty({ minLength: 1, maxLength: 100, example: 'Build platform', description: 'For people to tell it by.' })
  @IsDefined()
  @Name(NAME)
  name!: string;
}

export class PatchTenant {
  @ApiPropertyOptional({ minLength: 1, maxLength: 100, example: 'Build platform' })
  @ValidateIf((_dto, value) => value !== undefined)
  @Name(NAME)
  name?: string;

  @ApiPropertyOptional({ enum: STATUSES, description: "A suspended tenant's keys answer 403 `tenant_suspended`." })
  @ValidateIf((_dto, value) => value !== undefined)
  @IsIn(STATUSES)
  status?: TenantStatus;
}
