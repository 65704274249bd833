import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AnyKey, CurrentHolder } from '../http/access.js';
import type { KeyHolder } from '../http/key-holder.js';
import { MeView, meView } from './me.view.js';

@ApiTags('API keys')
@AnyKey()
@Controller('v1/me')
export class MeController {
  @Get()
  @ApiOperation({ summary: 'Whose key this is, and what it may do' })
  @ApiOkResponse({ type: MeView })
  me(@CurrentHolder() holder: KeyHolder): MeView {
    return meView(holder);
  }
}
