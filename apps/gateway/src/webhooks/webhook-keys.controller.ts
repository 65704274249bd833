import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SigningKeys } from '#libs/webhooks';
import { Public } from '../http/access.js';
import { WebhookKeySet, webhookKeySet } from './webhook-keys.view.js';

@ApiTags('Webhooks')
@Public()
@Controller('.well-known')
export class WebhookKeysController {
  constructor(private readonly keys: SigningKeys) {}

  /** Copies of it may live for a small part of the time for which a new key is published before it signs. */
  @Get('webhook-keys.json')
  @Header('cache-control', 'public, max-age=300')
  @ApiOperation({
    summary: 'The public keys of `v1a` signatures (JWKS)',
    description: 'A new key is here an hour before it signs, and for two days after another one has taken its place.',
  })
  @ApiOkResponse({ type: WebhookKeySet })
  async list(): Promise<WebhookKeySet> {
    return webhookKeySet(await this.keys.published());
  }
}
