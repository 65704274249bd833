import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsDefined, IsOptional } from 'class-validator';
import { type ApiKeyOrder, TENANT_SCOPES, type TenantScope } from '#libs/tenants';
import { ListFrom, Name, Timestamp } from '../http/rules.js';

export class CreateApiKey {
  @ApiProperty({ minLength: 1, maxLength: 100, example: 'nightly builds', description: 'For people to tell it by.' })
  @IsDefined()
  @Name({ min: 1, max: 100 })
  name!: string;

  @ApiProperty({ enum: TENANT_SCOPES, isArray: true, example: ['images:read', 'images:write'] })
  @IsDefined()
  @ListFrom(TENANT_SCOPES, { min: 1, max: TENANT_SCOPES.length })
  scopes!: readonly TenantScope[];

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2027-01-31T12:00:00.000Z',
    description: 'From then on the key opens nothing. Without it the key does not expire.',
  })
  @IsOptional()
  @Timestamp()
  expiresAt?: string | null;
}

export function apiKeyOrderOf(body: CreateApiKey): ApiKeyOrder {
  const expiresAt = body.expiresAt ?? null;
  return { name: body.name, scopes: body.scopes, expiresAt: expiresAt === null ? null : new Date(expiresAt) };
}
