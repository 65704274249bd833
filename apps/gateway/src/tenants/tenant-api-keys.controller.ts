import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Acting, ApiKeys, TENANT_SCOPES, Tenants } from '#libs/tenants';
import { CurrentActing, RequiresScope } from '../http/access.js';
import { cursorAfter, idAfter } from '../http/cursor.js';
import { pageOf } from '../http/page.js';
import { Problems } from '../http/problem.view.js';
import { apiKeyOrderOf, CreateApiKey } from './api-key.dto.js';
import { ApiKeyPage, apiKeyView, NewApiKeyView, newApiKeyView } from './api-key.view.js';
import { apiKeyFilterOf, ApiKeysQuery } from './api-keys-query.dto.js';

/** Any tenant's keys, for operators. */
@ApiTags('Tenants (operators)')
@RequiresScope('admin')
@Controller('v1/tenants/:id/api-keys')
export class TenantApiKeysController {
  constructor(
    private readonly tenants: Tenants,
    private readonly apiKeys: ApiKeys,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Create an API key for a tenant', description: 'The answer alone shows the key.' })
  @ApiCreatedResponse({ type: NewApiKeyView })
  @Problems(400, 404)
  async create(
    @CurrentActing() acting: Acting,
    @Param('id') id: string,
    @Body() body: CreateApiKey,
  ): Promise<NewApiKeyView> {
    const tenant = await this.tenants.get(id);
    const caller = { ...acting, tenantId: tenant.id };
    const limits = { scopes: TENANT_SCOPES, expiresAt: null };
    return newApiKeyView(await this.apiKeys.create(caller, apiKeyOrderOf(body), limits));
  }

  @Get()
  @ApiOperation({ summary: "List a tenant's keys that are not revoked, newest first" })
  @ApiOkResponse({ type: ApiKeyPage })
  @Problems(400, 404)
  async list(@Param('id') id: string, @Query() query: ApiKeysQuery): Promise<ApiKeyPage> {
    const tenant = await this.tenants.get(id);
    const { limit, cursor } = query;
    const page = { after: idAfter('key', cursor), limit: limit + 1 };
    const apiKeys = await this.apiKeys.list(tenant.id, apiKeyFilterOf(query), page);
    return pageOf(apiKeys, limit, apiKeyView, (apiKey) => cursorAfter(apiKey.id));
  }

  @Delete(':keyId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Revoke a key', description: 'In force everywhere from the next call on.' })
  @ApiNoContentResponse()
  @Problems(404)
  async revoke(@CurrentActing() acting: Acting, @Param('id') id: string, @Param('keyId') keyId: string): Promise<void> {
    const tenant = await this.tenants.get(id);
    await this.apiKeys.revoke({ ...acting, tenantId: tenant.id }, keyId);
  }
}
