import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TenantId } from '#libs/ids';
import { type ImageRequest, ImageRequests, imageRequestView, isEnded } from '#libs/image-requests';
import type { Caller } from '#libs/tenants';
import { CurrentCaller, RequiresScope } from '../http/access.js';
import { cursorAfter, idAfter } from '../http/cursor.js';
import { Draining } from '../http/draining.js';
import { KeyWatch } from '../http/key-watch.js';
import { pageOf } from '../http/page.js';
import { Problems } from '../http/problem.view.js';
import { CreateImageRequest, imageOrderOf } from './create-image-request.dto.js';
import { ImageRequestPage, ImageRequestView, ValidationView } from './image-request.view.js';
import { CreateQuery, imageRequestFilterOf, ImageRequestsQuery, WaitQuery } from './image-requests-query.dto.js';
import { ORDER_EXAMPLES } from './order-examples.js';
import { preferredWaitSeconds } from './prefer-wait.js';

/** When to look again: a request takes minutes, a look costs little. */
const RETRY_AFTER_SECONDS = 5;

@ApiTags('Image requests')
@Controller('v1/image-requests')
export class ImageRequestsController {
  constructor(
    private readonly imageRequests: ImageRequests,
    private readonly draining: Draining,
    private readonly keys: KeyWatch,
  ) {}

  @Post()
  @HttpCode(202)
  @RequiresScope('images:write')
  @ApiOperation({
    summary: 'Order an image of an instance or of snapshots',
    description: 'Durable once it is answered. Follow it under `Location`, by events or by webhooks.',
  })
  @ApiBody({ type: CreateImageRequest, examples: ORDER_EXAMPLES })
  @ApiAcceptedResponse({
    type: ImageRequestView,
    headers: {
      Location: { description: 'Where to follow it.', schema: { type: 'string' } },
      'Retry-After': { description: 'After how many seconds to look.', schema: { type: 'integer' } },
    },
  })
  @ApiOkResponse({ type: ValidationView, description: 'With `validateOnly=true`.' })
  @Problems(400, 404, 409, 413, 415)
  async create(
    @CurrentCaller() caller: Caller,
    @Query() { validateOnly }: CreateQuery,
    @Body() body: CreateImageRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ImageRequestView | ValidationView> {
    const order = imageOrderOf(body);
    if (validateOnly === true) {
      await this.imageRequests.check(caller, order);
      void reply.code(200);
      return { valid: true };
    }
    const request = await this.imageRequests.accept(caller, order);
    void reply.header('location', `/v1/image-requests/${request.id}`).header('retry-after', RETRY_AFTER_SECONDS);
    return this.withPlace(request);
  }

  @Get()
  @RequiresScope('images:read')
  @ApiOperation({ summary: 'List image requests, newest first' })
  @ApiOkResponse({ type: ImageRequestPage })
  @Problems(400)
  async list(@CurrentCaller() caller: Caller, @Query() query: ImageRequestsQuery): Promise<ImageRequestPage> {
    const { limit, cursor } = query;
    const page = { after: idAfter('ireq', cursor), limit: limit + 1 };
    const filter = imageRequestFilterOf(query);
    const requests = filter === null ? [] : await this.imageRequests.list(caller.tenantId, filter, page);
    const places = await this.imageRequests.placesOf(requests);
    return pageOf(
      requests,
      limit,
      (request) => imageRequestView(request, places.get(request.id) ?? null),
      ({ id }) => cursorAfter(id),
    );
  }

  @Get(':id')
  @RequiresScope('images:read')
  @ApiOperation({ summary: 'Read an image request, or wait for its end' })
  @ApiHeader({ name: 'Prefer', required: false, description: '`wait=N`, 0 to 60 seconds; as `?wait=N`.' })
  @ApiOkResponse({ type: ImageRequestView })
  @Problems(400, 404)
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Query() { wait }: WaitQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ImageRequestView> {
    const preferred = wait === undefined ? preferredWaitSeconds(request.headers['prefer']) : null;
    const seconds = wait ?? preferred ?? 0;
    const found =
      seconds === 0
        ? await this.imageRequests.find(caller.tenantId, id)
        : await this.waitForEnd(request, caller.tenantId, id, seconds, reply);
    if (preferred !== null) void reply.header('preference-applied', `wait=${preferred}`);
    if (!isEnded(found.status)) void reply.header('retry-after', RETRY_AFTER_SECONDS);
    return this.withPlace(found);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @RequiresScope('images:write')
  @ApiOperation({
    summary: 'Cancel a queued image request',
    description: 'Once it is answered with 200, the cloud is certainly not called for the request.',
  })
  @ApiOkResponse({ type: ImageRequestView })
  @Problems(404, 409)
  async cancel(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<ImageRequestView> {
    return imageRequestView(await this.imageRequests.cancel(caller, id));
  }

  @Post(':id/retry')
  @HttpCode(202)
  @RequiresScope('images:write')
  @ApiOperation({
    summary: 'Try a failed image request again',
    description: 'The same request, under the same id, as it was ordered. An image that an earlier call made is found.',
  })
  @ApiAcceptedResponse({ type: ImageRequestView })
  @Problems(404, 409)
  async retry(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ImageRequestView> {
    const request = await this.imageRequests.retry(caller, id);
    void reply.header('location', `/v1/image-requests/${request.id}`).header('retry-after', RETRY_AFTER_SECONDS);
    return this.withPlace(request);
  }

  private async withPlace(request: ImageRequest): Promise<ImageRequestView> {
    const places = await this.imageRequests.placesOf([request]);
    return imageRequestView(request, places.get(request.id) ?? null);
  }

  /** Also ends when the caller has gone away or the process is asked to stop; with a refusal when the key is revoked. */
  private async waitForEnd(
    request: FastifyRequest,
    tenantId: TenantId,
    id: string,
    seconds: number,
    reply: FastifyReply,
  ): Promise<ImageRequest> {
    const key = this.keys.watch(request);
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    reply.raw.once('close', leave);
    try {
      const signal = AbortSignal.any([gone.signal, this.draining.signal, key.ended]);
      const found = await this.imageRequests.waitForEnd(tenantId, id, seconds * 1000, signal);
      await key.refuseIfEnded();
      return found;
    } finally {
      key.stop();
      reply.raw.off('close', leave);
    }
  }
}
