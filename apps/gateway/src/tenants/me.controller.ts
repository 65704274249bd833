import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Tenants } from '#libs/tenants';
import { AnyKey, CurrentHolder } from '../http/access.js';
import type { KeyHolder } from '../http/key-holder.js';
import { MeView, meView, OPERATOR_VIEW } from './me.view.js';

@ApiTags('API keys')
@AnyKey()
@Controller('v1/me')
export class MeController {
  constructor(private readonly tenants: Tenants) {}

  @Get()
  @ApiOperation({ summary: 'Whose key this is, and what it may do' })
  @ApiOkResponse({ type: MeView })
  async me(@CurrentHolder() holder: KeyHolder): Promise<MeView> {
    if (holder.kind === 'operator') return OPERATOR_VIEW;
    return meView(holder, await this.tenants.externalIdOf(holder.caller.tenantId));
  }
}
