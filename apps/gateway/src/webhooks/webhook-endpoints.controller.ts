import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Caller } from '#libs/tenants';
import { WebhookDeliveries, WebhookEndpoints, WebhookResending } from '#libs/webhooks';
import { CurrentCaller, RequiresScope } from '../http/access.js';
import { cursorAfter, idAfter } from '../http/cursor.js';
import { checkedBody } from '../http/input.pipe.js';
import { knownId } from '../http/known-id.js';
import { refuseFields } from '../http/no-body.js';
import { pageOf } from '../http/page.js';
import { PageQuery } from '../http/page.query.dto.js';
import { Problems } from '../http/problem.view.js';
import { DeliveriesQuery } from './webhook-deliveries-query.dto.js';
import { SentDeliveryView, WebhookDeliveryPage, webhookDeliveryView } from './webhook-delivery.view.js';
import { CreateWebhookEndpoint, PatchWebhookEndpoint, RotateSecret } from './webhook-endpoint.dto.js';
import {
  NewWebhookEndpointView,
  newWebhookEndpointView,
  RotatedSecretView,
  WebhookEndpointPage,
  WebhookEndpointView,
  webhookEndpointView,
} from './webhook-endpoint.view.js';
import { ReplayDeliveries, ReplayView } from './webhook-replay.dto.js';

@ApiTags('Webhooks')
@Controller('v1/webhook-endpoints')
export class WebhookEndpointsController {
  constructor(
    private readonly endpoints: WebhookEndpoints,
    private readonly deliveries: WebhookDeliveries,
    private readonly resending: WebhookResending,
  ) {}

  @Post()
  @RequiresScope('webhooks:write')
  @ApiOperation({ summary: 'Have events sent to a URL', description: 'The answer alone shows the signing secret.' })
  @ApiCreatedResponse({ type: NewWebhookEndpointView })
  @Problems(400, 422)
  async create(@CurrentCaller() caller: Caller, @Body() body: CreateWebhookEndpoint): Promise<NewWebhookEndpointView> {
    return newWebhookEndpointView(await this.endpoints.create(caller, body));
  }

  @Get()
  @RequiresScope('webhooks:read')
  @ApiOperation({ summary: 'List webhook endpoints, newest first' })
  @ApiOkResponse({ type: WebhookEndpointPage })
  @Problems(400)
  async list(@CurrentCaller() caller: Caller, @Query() { limit, cursor }: PageQuery): Promise<WebhookEndpointPage> {
    const before = idAfter('whe', cursor);
    const page = { limit: limit + 1, ...(before === null ? {} : { before }) };
    const endpoints = await this.endpoints.list(caller.tenantId, page);
    return pageOf(endpoints, limit, webhookEndpointView, ({ id }) => cursorAfter(id));
  }

  @Get(':id')
  @RequiresScope('webhooks:read')
  @ApiOperation({ summary: 'Read a webhook endpoint' })
  @ApiOkResponse({ type: WebhookEndpointView })
  @Problems(404)
  async get(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<WebhookEndpointView> {
    return webhookEndpointView(await this.endpoints.get(caller.tenantId, endpointId(id)));
  }

  @Patch(':id')
  @RequiresScope('webhooks:write')
  @ApiOperation({ summary: 'Change, disable or enable a webhook endpoint' })
  @ApiOkResponse({ type: WebhookEndpointView })
  @Problems(400, 404, 422)
  async patch(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Body() body: PatchWebhookEndpoint,
  ): Promise<WebhookEndpointView> {
    return webhookEndpointView(await this.endpoints.patch(caller, endpointId(id), body));
  }

  @Delete(':id')
  @HttpCode(204)
  @RequiresScope('webhooks:write')
  @ApiOperation({ summary: 'Delete a webhook endpoint' })
  @ApiNoContentResponse()
  @Problems(404)
  async delete(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<void> {
    await this.endpoints.delete(caller, endpointId(id));
  }

  @Post(':id/rotate-secret')
  @HttpCode(200)
  @RequiresScope('webhooks:write')
  @ApiOperation({
    summary: 'Replace the signing secret',
    description:
      'The answer alone shows the new secret. It signs at once; the one before signs beside it for a day, or for `overlapSeconds`. Three at most sign side by side.',
  })
  @ApiBody({ type: RotateSecret, required: false })
  @ApiOkResponse({ type: RotatedSecretView })
  @Problems(400, 404)
  async rotateSecret(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<RotatedSecretView> {
    const known = endpointId(id);
    // All of it may be left out, and so may the body itself.
    const { overlapSeconds } = await checkedBody(RotateSecret, body === undefined ? {} : body);
    const secret = await this.endpoints.rotateSecret(caller, known, overlapSeconds);
    return { secret: secret.reveal() };
  }

  @Post(':id/test')
  @HttpCode(202)
  @RequiresScope('webhooks:write')
  @ApiOperation({ summary: 'Send a test event to this endpoint' })
  @ApiAcceptedResponse({ type: SentDeliveryView })
  @Problems(400, 404, 409)
  async test(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<SentDeliveryView> {
    refuseFields(body);
    return { deliveryId: await this.deliveries.testEndpoint(caller, endpointId(id)) };
  }

  @Post(':id/replay')
  @HttpCode(202)
  @RequiresScope('webhooks:write')
  @ApiOperation({
    summary: 'Send events to this endpoint again',
    description:
      'Without `after` and `only`: all kept events that it does not have, the failed and the missing. With a time alone: all since then, those that it has as well. Events bear the same `webhook-id` as before.',
  })
  @ApiBody({ type: ReplayDeliveries, required: false })
  @ApiAcceptedResponse({ type: ReplayView })
  @Problems(400, 404, 409)
  async replay(@CurrentCaller() caller: Caller, @Param('id') id: string, @Body() body: unknown): Promise<ReplayView> {
    const { after, only } = await checkedBody(ReplayDeliveries, body === undefined ? {} : body);
    return this.resending.replay(caller, endpointId(id), {
      ...(after === undefined ? {} : { after: new Date(after) }),
      ...(only === undefined ? {} : { only }),
    });
  }

  @Get(':id/deliveries')
  @RequiresScope('webhooks:read')
  @ApiOperation({ summary: 'What was sent to this endpoint, newest first' })
  @ApiOkResponse({ type: WebhookDeliveryPage })
  @Problems(400, 404)
  async listDeliveries(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Query() { limit, cursor, status }: DeliveriesQuery,
  ): Promise<WebhookDeliveryPage> {
    const before = idAfter('whd', cursor);
    const deliveries = await this.deliveries.list(caller.tenantId, endpointId(id), {
      limit: limit + 1,
      ...(status === undefined ? {} : { status }),
      ...(before === null ? {} : { before }),
    });
    return pageOf(deliveries, limit, webhookDeliveryView, (delivery) => cursorAfter(delivery.id));
  }
}

function endpointId(id: string): ReturnType<typeof knownId<'whe'>> {
  return knownId('whe', id, 'webhook endpoint');
}
