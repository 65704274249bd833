import { ApiProperty } from '@nestjs/swagger';
import type { Secret } from '#libs/secret';
import { type ApiKey, TENANT_SCOPES } from '#libs/tenants';

export class ApiKeyView {
  @ApiProperty({ example: 'key_01h455vb4pex5vsknk084sn02q' })
  id!: string;

  @ApiProperty({ example: 'nightly builds' })
  name!: string;

  @ApiProperty({ enum: TENANT_SCOPES, isArray: true })
  scopes!: readonly string[];

  @ApiProperty({ example: 'cvmk_Q3o0XyZ', description: 'How the key begins.' })
  prefix!: string;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'To the minute.' })
  lastUsedAt!: string | null;
}

export class NewApiKeyView extends ApiKeyView {
  @ApiProperty({ description: 'The key itself. Shown this once; keep it like a password.' })
  key!: string;
}

export class ApiKeyPage {
  @ApiProperty({ type: [ApiKeyView] })
  data!: readonly ApiKeyView[];

  @ApiProperty({ type: String, nullable: true, description: '`cursor` of the next page; null on the last.' })
  nextCursor!: string | null;
}

export function apiKeyView(apiKey: ApiKey): ApiKeyView {
  return {
    id: apiKey.id,
    name: apiKey.name,
    scopes: apiKey.scopes,
    prefix: apiKey.prefix,
    createdAt: apiKey.createdAt.toISOString(),
    expiresAt: apiKey.expiresAt?.toISOString() ?? null,
    lastUsedAt: apiKey.lastUsedAt?.toISOString() ?? null,
  };
}

export function newApiKeyView({ apiKey, key }: { readonly apiKey: ApiKey; readonly key: Secret }): NewApiKeyView {
  return Object.assign(apiKeyView(apiKey), { key: key.reveal() });
}
