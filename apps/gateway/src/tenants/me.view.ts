import { ApiProperty } from '@nestjs/swagger';
import type { KeyHolder } from '../http/key-holder.js';

export class MyTenantView {
  @ApiProperty({ example: 'ten_01h455vb4pex5vsknk084sn02q' })
  id!: string;

  @ApiProperty({ example: 'Build platform' })
  name!: string;
}

export class MyApiKeyView {
  @ApiProperty({ example: 'key_01h455vb4pex5vsknk084sn02q', description: "`admin` for the operators' key." })
  id!: string;

  @ApiProperty({ example: 'nightly builds' })
  name!: string;

  @ApiProperty({ isArray: true, type: String, example: ['images:read', 'images:write'] })
  scopes!: readonly string[];

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt!: string | null;
}

export class MeView {
  @ApiProperty({ type: MyTenantView, nullable: true, description: "Null for the operators' key." })
  tenant!: MyTenantView | null;

  @ApiProperty({ type: MyApiKeyView })
  apiKey!: MyApiKeyView;
}

export function meView(holder: KeyHolder): MeView {
  if (holder.kind === 'operator')
    return { tenant: null, apiKey: { id: 'admin', name: 'admin', scopes: ['admin'], expiresAt: null } };
  const { id, name, scopes, expiresAt } = holder.apiKey;
  return {
    tenant: { id: holder.caller.tenantId, name: holder.tenantName },
    apiKey: { id, name, scopes, expiresAt: expiresAt?.toISOString() ?? null },
  };
}
