import { ApiProperty } from '@nestjs/swagger';
import { EVENT_TYPES, type EventType } from '#libs/events';
import type { Secret } from '#libs/secret';
import {
  type EndpointSnapshot,
  type EndpointStatus,
  SIGNATURE_SCHEMES,
  type SignatureScheme,
  type WebhookEndpoint,
} from '#libs/webhooks';

/** Also what events show of an endpoint; the compiler holds it to `EndpointSnapshot` of #libs/webhooks. */
export class WebhookEndpointView implements EndpointSnapshot {
  @ApiProperty({ example: 'whe_01h455vb4pex5vsknk084sn02q' })
  id!: string;

  @ApiProperty({ format: 'uri', example: 'https://hooks.example.com/images' })
  url!: string;

  @ApiProperty({ enum: EVENT_TYPES, isArray: true, nullable: true, description: 'Null: all types.' })
  eventTypes!: readonly EventType[] | null;

  @ApiProperty({ type: [String], nullable: true, description: 'Null: all accounts.' })
  accountIds!: readonly string[] | null;

  @ApiProperty({ type: String, nullable: true })
  description!: string | null;

  @ApiProperty({ enum: ['enabled', 'disabled'] })
  status!: EndpointStatus;

  @ApiProperty({ enum: SIGNATURE_SCHEMES, isArray: true, example: ['v1'] })
  signatureSchemes!: readonly SignatureScheme[];

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;
}

export class NewWebhookEndpointView extends WebhookEndpointView {
  @ApiProperty({ description: 'What the deliveries are signed with (Standard Webhooks). Shown this once.' })
  secret!: string;
}

export class RotatedSecretView {
  @ApiProperty({ description: 'What the deliveries are signed with from now on. Shown this once.' })
  secret!: string;
}

export class WebhookEndpointPage {
  @ApiProperty({ type: [WebhookEndpointView] })
  data!: readonly WebhookEndpointView[];

  @ApiProperty({ type: String, nullable: true, description: '`cursor` of the next page; null on the last.' })
  nextCursor!: string | null;
}

export function webhookEndpointView(endpoint: WebhookEndpoint): WebhookEndpointView {
  const { id, url, eventTypes, accountIds, description, status, signatureSchemes, createdAt } = endpoint;
  return {
    id,
    url,
    eventTypes,
    accountIds,
    description,
    status,
    signatureSchemes,
    createdAt: createdAt.toISOString(),
  };
}

export function newWebhookEndpointView(made: {
  readonly endpoint: WebhookEndpoint;
  readonly secret: Secret;
}): NewWebhookEndpointView {
  return Object.assign(webhookEndpointView(made.endpoint), { secret: made.secret.reveal() });
}
