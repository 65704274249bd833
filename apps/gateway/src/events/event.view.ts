import { ApiProperty, getSchemaPath } from '@nestjs/swagger';
import type { Type } from '@nestjs/common';
import type { CloudEventEnvelope, EventType } from '#libs/events';
import {
  CredentialRejectedDataView,
  EndpointDisabledDataView,
  EndpointTestDataView,
  ImageRequestDataView,
} from './event-data.view.js';

/** What follows the prefix of an id. No more than that is promised of it. */
const REST = '[0-9a-z]+';
const ACCOUNT = { pattern: `^/accounts/acc_${REST}$`, example: '/accounts/acc_01h455vb4pex5vsknk084sn02q' };
const TENANT = { pattern: `^/tenants/ten_${REST}$`, example: '/tenants/ten_01h455vb4pex5vsknk084sn02q' };

/** What all events have in common: CloudEvents 1.0, structured JSON. `cloudEvent` of #libs/events makes it. */
abstract class Envelope implements Omit<CloudEventEnvelope, 'type' | 'source' | 'subject' | 'data'> {
  @ApiProperty({ enum: ['1.0'] })
  specversion!: '1.0';

  @ApiProperty({
    pattern: `^evt_${REST}$`,
    example: 'evt_01h455vb4pex5vsknk084sn02q',
    description: 'The same whenever and wherever the event is read or sent: dedupe by it.',
  })
  id!: string;

  @ApiProperty({ format: 'date-time', example: '2026-01-02T03:04:05.006Z' })
  time!: string;

  @ApiProperty({ enum: ['application/json'] })
  datacontenttype!: 'application/json';

  @ApiProperty({ type: 'integer', minimum: 1, example: 42, description: 'Without gaps within the tenant.' })
  sequence!: number;
}

abstract class ImageRequestEventView extends Envelope {
  @ApiProperty(ACCOUNT)
  source!: string;

  @ApiProperty({ pattern: `^ireq_${REST}$`, example: 'ireq_01h455vb4pex5vsknk084sn02q' })
  subject!: string;

  @ApiProperty({ type: ImageRequestDataView })
  data!: ImageRequestDataView;
}

abstract class WebhookEndpointEventView extends Envelope {
  @ApiProperty(TENANT)
  source!: string;

  @ApiProperty({ pattern: `^whe_${REST}$`, example: 'whe_01h455vb4pex5vsknk084sn02q' })
  subject!: string;
}

class ImageRequestQueuedEvent extends ImageRequestEventView {
  @ApiProperty({ enum: ['image_request.queued'] })
  type!: 'image_request.queued';
}

class ImageRequestSubmittedEvent extends ImageRequestEventView {
  @ApiProperty({ enum: ['image_request.submitted'] })
  type!: 'image_request.submitted';
}

class ImageRequestSucceededEvent extends ImageRequestEventView {
  @ApiProperty({ enum: ['image_request.succeeded'] })
  type!: 'image_request.succeeded';
}

class ImageRequestFailedEvent extends ImageRequestEventView {
  @ApiProperty({ enum: ['image_request.failed'] })
  type!: 'image_request.failed';
}

class ImageRequestCanceledEvent extends ImageRequestEventView {
  @ApiProperty({ enum: ['image_request.canceled'] })
  type!: 'image_request.canceled';
}

class WebhookEndpointDisabledEvent extends WebhookEndpointEventView {
  @ApiProperty({ enum: ['webhook_endpoint.disabled'] })
  type!: 'webhook_endpoint.disabled';

  @ApiProperty({ type: EndpointDisabledDataView })
  data!: EndpointDisabledDataView;
}

class WebhookEndpointTestEvent extends WebhookEndpointEventView {
  @ApiProperty({ enum: ['webhook_endpoint.test'] })
  type!: 'webhook_endpoint.test';

  @ApiProperty({ type: EndpointTestDataView })
  data!: EndpointTestDataView;
}

class AccountCredentialRejectedEvent extends Envelope {
  @ApiProperty(ACCOUNT)
  source!: string;

  @ApiProperty({ enum: ['account.credential_rejected'] })
  type!: 'account.credential_rejected';

  @ApiProperty({ pattern: `^acc_${REST}$`, example: 'acc_01h455vb4pex5vsknk084sn02q' })
  subject!: string;

  @ApiProperty({ type: CredentialRejectedDataView })
  data!: CredentialRejectedDataView;
}

type EventClass<OfType extends EventType> = Type<CloudEventEnvelope & { readonly type: OfType }>;

/** The one class that documents each type of event. The compiler asks for it as soon as there is a new type. */
export const EVENT_VIEWS: { readonly [OfType in EventType]: EventClass<OfType> } = {
  'image_request.queued': ImageRequestQueuedEvent,
  'image_request.submitted': ImageRequestSubmittedEvent,
  'image_request.succeeded': ImageRequestSucceededEvent,
  'image_request.failed': ImageRequestFailedEvent,
  'image_request.canceled': ImageRequestCanceledEvent,
  'webhook_endpoint.disabled': WebhookEndpointDisabledEvent,
  'webhook_endpoint.test': WebhookEndpointTestEvent,
  'account.credential_rejected': AccountCredentialRejectedEvent,
};

/** The name of the schema of an event of any type. */
export const ANY_EVENT = 'EventView';

export class EventPage {
  @ApiProperty({ type: 'array', items: { $ref: getSchemaPath(ANY_EVENT) } })
  data!: readonly CloudEventEnvelope[];

  @ApiProperty({ type: String, nullable: true, description: '`cursor` of the next page; null on the last.' })
  nextCursor!: string | null;
}
