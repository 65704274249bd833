import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Acting, Tenants } from '#libs/tenants';
import { CurrentActing, RequiresScope } from '../http/access.js';
import { cursorAfter, idAfter } from '../http/cursor.js';
import { pageOf } from '../http/page.js';
import { Problems } from '../http/problem.view.js';
import { tenantFilterOf, TenantsQuery } from './api-keys-query.dto.js';
import { CreateTenant, PatchTenant } from './tenant.dto.js';
import { TenantPage, TenantView, tenantView } from './tenant.view.js';

@ApiTags('Tenants (operators)')
@RequiresScope('admin')
@Controller('v1/tenants')
export class TenantsController {
  constructor(private readonly tenants: Tenants) {}

  @Post()
  @ApiOperation({ summary: 'Create a tenant' })
  @ApiCreatedResponse({ type: TenantView })
  @Problems(400)
  async create(@CurrentActing() acting: Acting, @Body() body: CreateTenant): Promise<TenantView> {
    return tenantView(await this.tenants.create(acting, body.name));
  }

  @Get()
  @ApiOperation({ summary: 'List tenants, newest first' })
  @ApiOkResponse({ type: TenantPage })
  @Problems(400)
  async list(@Query() query: TenantsQuery): Promise<TenantPage> {
    const { limit, cursor } = query;
    const page = { after: idAfter('ten', cursor), limit: limit + 1 };
    const tenants = await this.tenants.list(tenantFilterOf(query), page);
    return pageOf(tenants, limit, tenantView, ({ id }) => cursorAfter(id));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a tenant' })
  @ApiOkResponse({ type: TenantView })
  @Problems(404)
  async get(@Param('id') id: string): Promise<TenantView> {
    return tenantView(await this.tenants.get(id));
  }

  @Patch(':id')
  @HttpCode(200)
  @ApiOperation({ summary: 'Rename a tenant, suspend it or make it active again' })
  @ApiOkResponse({ type: TenantView })
  @Problems(400, 404)
  async patch(
    @CurrentActing() acting: Acting,
    @Param('id') id: string,
    @Body() body: PatchTenant,
  ): Promise<TenantView> {
    return tenantView(await this.tenants.patch(acting, id, body));
  }
}
