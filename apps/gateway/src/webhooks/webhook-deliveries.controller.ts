import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '#libs/tenants';
import { WebhookDeliveries, WebhookResending } from '#libs/webhooks';
import { CurrentCaller, RequiresScope } from '../http/access.js';
import { knownId } from '../http/known-id.js';
import { refuseFields } from '../http/no-body.js';
import { Problems } from '../http/problem.view.js';
import { SentDeliveryView, WebhookDeliveryView, webhookDeliveryView } from './webhook-delivery.view.js';

@ApiTags('Webhooks')
@Controller('v1/webhook-deliveries')
export class WebhookDeliveriesController {
  constructor(
    private readonly deliveries: WebhookDeliveries,
    private readonly resending: WebhookResending,
  ) {}

  @Get(':id')
  @RequiresScope('webhooks:read')
  @ApiOperation({ summary: 'Read a delivery and its attempts' })
  @ApiOkResponse({ type: WebhookDeliveryView })
  @Problems(404)
  async get(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<WebhookDeliveryView> {
    return webhookDeliveryView(await this.deliveries.get(caller.tenantId, deliveryId(id)));
  }

  @Post(':id/redeliver')
  @HttpCode(202)
  @RequiresScope('webhooks:write')
  @ApiOperation({
    summary: 'Send a delivery again, now',
    description: 'Whatever it has come to. It bears the same `webhook-id`, and its retries begin anew.',
  })
  @ApiAcceptedResponse({ type: SentDeliveryView })
  @Problems(400, 404, 409)
  async redeliver(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<SentDeliveryView> {
    refuseFields(body);
    await this.resending.redeliver(caller, deliveryId(id));
    return { deliveryId: id };
  }
}

function deliveryId(id: string): ReturnType<typeof knownId<'whd'>> {
  return knownId('whd', id, 'webhook delivery');
}
