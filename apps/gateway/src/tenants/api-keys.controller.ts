import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiKeys, type Caller } from '#libs/tenants';
import { CurrentCaller, CurrentHolder, RequiresScope } from '../http/access.js';
import { cursorAfter, idAfter } from '../http/cursor.js';
import type { KeyHolder } from '../http/key-holder.js';
import { pageOf } from '../http/page.js';
import { Problems } from '../http/problem.view.js';
import { apiKeyOrderOf, CreateApiKey } from './api-key.dto.js';
import { ApiKeyPage, apiKeyView, NewApiKeyView, newApiKeyView } from './api-key.view.js';
import { apiKeyFilterOf, ApiKeysQuery } from './api-keys-query.dto.js';

/** A tenant's own keys, for a key of it that may manage them. */
@ApiTags('API keys')
@RequiresScope('keys:write')
@Controller('v1/api-keys')
export class ApiKeysController {
  constructor(private readonly apiKeys: ApiKeys) {}

  @Post()
  @ApiOperation({
    summary: 'Create an API key',
    description:
      'With no more scopes than the key that calls has itself, and no later expiry. The answer alone shows the key.',
  })
  @ApiCreatedResponse({ type: NewApiKeyView })
  @Problems(400)
  async create(
    @CurrentCaller() caller: Caller,
    @CurrentHolder() holder: KeyHolder,
    @Body() body: CreateApiKey,
  ): Promise<NewApiKeyView> {
    const limits = holder.kind === 'tenant' ? holder.apiKey : { scopes: [], expiresAt: null };
    return newApiKeyView(await this.apiKeys.create(caller, apiKeyOrderOf(body), limits));
  }

  @Get()
  @ApiOperation({ summary: 'List the keys that are not revoked, newest first' })
  @ApiOkResponse({ type: ApiKeyPage })
  @Problems(400)
  async list(@CurrentCaller() caller: Caller, @Query() query: ApiKeysQuery): Promise<ApiKeyPage> {
    const { limit, cursor } = query;
    const page = { after: idAfter('key', cursor), limit: limit + 1 };
    const apiKeys = await this.apiKeys.list(caller.tenantId, apiKeyFilterOf(query), page);
    return pageOf(apiKeys, limit, apiKeyView, (apiKey) => cursorAfter(apiKey.id));
  }

  @Delete(':keyId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Revoke a key', description: 'In force everywhere from the next call on.' })
  @ApiNoContentResponse()
  @Problems(404)
  async revoke(@CurrentCaller() caller: Caller, @Param('keyId') keyId: string): Promise<void> {
    await this.apiKeys.revoke(caller, keyId);
  }
}
