import { ApiProperty } from '@nestjs/swagger';
import type { KeyHolder } from '../http/key-holder.js';

export class MyTenantView {
  @ApiProperty({ example: 'ten_01h455vb4pex5vsknk084sn02q' })
  id!: string;

  @ApiProperty({ example: 'Build platform' })
  name!: string;

  @ApiProperty({
    example: '5f0c7f1e2b9a4d0c8e6f3a1b7c9d2e4f',
    description: 'Belongs into the trust policy of every role that this service shall assume for the tenant.',
  })
  externalId!: string;
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

export const OPERATOR_VIEW: MeView = {
  tenant: null,
  apiKey: { id: 'admin', name: 'admin', scopes: ['admin'], expiresAt: null },
};

export function meView(holder: Extract<KeyHolder, { kind: 'tenant' }>, externalId: string): MeView {
  const { id, name, scopes, expiresAt } = holder.apiKey;
  return {
    tenant: { id: holder.caller.tenantId, name: holder.tenantName, externalId },
    apiKey: { id, name, scopes, expiresAt: expiresAt?.toISOString() ?? null },
  };
}
