import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Accounts } from '#libs/accounts';
import { type AuditLog, AuditStore } from '#libs/audit';
import { Postgres } from '#libs/postgres';
import type { Caller } from '#libs/tenants';
import { CurrentCaller, RequiresScope } from '../http/access.js';
import { cursorBehind, positionBehind } from '../http/cursor.js';
import { pageOf } from '../http/page.js';
import { Problems } from '../http/problem.view.js';
import { AuditPage, auditEntryView } from './audit-entry.view.js';
import { auditFilterOf, AuditQuery } from './audit-query.dto.js';

@ApiTags('Audit')
@RequiresScope('audit:read')
@Controller('v1')
export class AuditController {
  constructor(
    private readonly postgres: Postgres,
    private readonly audit: AuditStore,
    private readonly accounts: Accounts,
  ) {}

  @Get('accounts/:id/audit-log')
  @ApiOperation({ summary: "An account's audit log, oldest first" })
  @ApiOkResponse({ type: AuditPage })
  @Problems(400, 404)
  async ofAccount(
    @CurrentCaller() { tenantId }: Caller,
    @Param('id') id: string,
    @Query() query: AuditQuery,
  ): Promise<AuditPage> {
    return this.page({ tenantId, accountId: await this.accounts.idOfEver(tenantId, id) }, query);
  }

  @Get('audit-log')
  @ApiOperation({
    summary: "The tenant's audit log, oldest first",
    description: 'What belongs to no account: keys, webhooks, refused calls.',
  })
  @ApiOkResponse({ type: AuditPage })
  @Problems(400)
  async ofTenant(@CurrentCaller() { tenantId }: Caller, @Query() query: AuditQuery): Promise<AuditPage> {
    return this.page({ tenantId, accountId: null }, query);
  }

  private async page(log: AuditLog, query: AuditQuery): Promise<AuditPage> {
    const { limit, cursor } = query;
    const page = { afterPosition: positionBehind(cursor), limit: limit + 1 };
    const entries = await this.postgres.asTenant(log.tenantId, (tx) =>
      this.audit.list(tx, log, auditFilterOf(query), page),
    );
    return pageOf(entries, limit, auditEntryView, ({ position }) => cursorBehind(position));
  }
}
