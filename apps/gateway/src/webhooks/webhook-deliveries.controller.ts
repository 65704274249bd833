import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '#libs/tenants';
import { WebhookDeliveries } from '#libs/webhooks';
import { CurrentCaller, RequiresScope } from '../http/access.js';
import { knownId } from '../http/known-id.js';
import { Problems } from '../http/problem.view.js';
import { WebhookDeliveryView, webhookDeliveryView } from './webhook-delivery.view.js';

@ApiTags('Webhooks')
@RequiresScope('webhooks:read')
@Controller('v1/webhook-deliveries')
export class WebhookDeliveriesController {
  constructor(private readonly deliveries: WebhookDeliveries) {}

  @Get(':id')
  @ApiOperation({ summary: 'Read a delivery and its attempts' })
  @ApiOkResponse({ type: WebhookDeliveryView })
  @Problems(404)
  async get(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<WebhookDeliveryView> {
    const delivery = await this.deliveries.get(caller.tenantId, knownId('whd', id, 'webhook delivery'));
    return webhookDeliveryView(delivery);
  }
}
