import { ApiProperty } from '@nestjs/swagger';
import type { Tenant, TenantStatus } from '#libs/tenants';

export class TenantView {
  @ApiProperty({ example: 'ten_01h455vb4pex5vsknk084sn02q' })
  id!: string;

  @ApiProperty({ example: 'Build platform' })
  name!: string;

  @ApiProperty({ enum: ['active', 'suspended'] })
  status!: TenantStatus;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  createdAt!: string;
}

export class TenantPage {
  @ApiProperty({ type: [TenantView] })
  data!: readonly TenantView[];

  @ApiProperty({ type: String, nullable: true, description: '`cursor` of the next page; null on the last.' })
  nextCursor!: string | null;
}

export function tenantView(tenant: Tenant): TenantView {
  return { id: tenant.id, name: tenant.name, status: tenant.status, createdAt: tenant.createdAt.toISOString() };
}
