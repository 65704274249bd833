import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { PREFIX_CHARACTERS } from '#libs/tenants';
import { PageQuery } from '../http/page.query.dto.js';
import { Text } from '../http/rules.js';

const LENGTH = { min: PREFIX_CHARACTERS, max: PREFIX_CHARACTERS };

export class ApiKeysQuery extends PageQuery {
  @ApiPropertyOptional({
    minLength: PREFIX_CHARACTERS,
    maxLength: PREFIX_CHARACTERS,
    example: 'cvmk_Q3o0XyZ',
    description: `Only the key that begins so: its first ${PREFIX_CHARACTERS} characters, never more of it.`,
  })
  @IsOptional()
  @Text(LENGTH)
  prefix?: string;
}

export class TenantsQuery extends PageQuery {
  @ApiPropertyOptional({
    minLength: PREFIX_CHARACTERS,
    maxLength: PREFIX_CHARACTERS,
    example: 'cvmk_Q3o0XyZ',
    description: `Only the tenant that has a key which begins so and is not revoked: its first ${PREFIX_CHARACTERS} characters.`,
  })
  @IsOptional()
  @Text(LENGTH)
  apiKeyPrefix?: string;
}

export function apiKeyFilterOf({ prefix }: ApiKeysQuery): { readonly prefix?: string } {
  return prefix === undefined ? {} : { prefix };
}

export function tenantFilterOf({ apiKeyPrefix }: TenantsQuery): { readonly apiKeyPrefix?: string } {
  return apiKeyPrefix === undefined ? {} : { apiKeyPrefix };
}
