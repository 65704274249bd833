import { ApiProperty } from '@nestjs/swagger';
import {
  DELIVERY_FAILURES,
  type DeliveryFailure,
  type DeliveryStatus,
  type DeliveryWithAttempts,
} from '#libs/webhooks';

export class DeliveryAttemptView {
  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ example: 84 })
  durationMs!: number;

  @ApiProperty({ type: Number, nullable: true, example: 500, description: 'Null when no answer came.' })
  statusCode!: number | null;

  @ApiProperty({ type: String, nullable: true, description: 'Why there was no complete answer.' })
  error!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The first 20 kB.' })
  responseBody!: string | null;
}

export class WebhookDeliveryView {
  @ApiProperty({ example: 'whd_01h455vb4pex5vsknk084sn02q' })
  id!: string;

  @ApiProperty({ example: 'whe_01h455vb4pex5vsknk084sn02q' })
  endpointId!: string;

  @ApiProperty({ example: 'evt_01h455vb4pex5vsknk084sn02q' })
  eventId!: string;

  @ApiProperty({ example: 'image_request.succeeded' })
  eventType!: string;

  @ApiProperty({ enum: ['pending', 'delivered', 'failed'] })
  status!: DeliveryStatus;

  @ApiProperty({
    type: String,
    enum: DELIVERY_FAILURES,
    nullable: true,
    example: 'endpoint_disabled',
    description:
      'Why a delivery failed: its retries were spent, the endpoint answered 410 (`endpoint_gone`), or the endpoint was disabled, perhaps before the first attempt, or deleted. Null unless it failed.',
  })
  failureReason!: DeliveryFailure | null;

  @ApiProperty({ type: [DeliveryAttemptView], description: 'The first one first.' })
  attempts!: readonly DeliveryAttemptView[];

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  nextAttemptAt!: string | null;
}

export class WebhookDeliveryPage {
  @ApiProperty({ type: [WebhookDeliveryView] })
  data!: readonly WebhookDeliveryView[];

  @ApiProperty({ type: String, nullable: true, description: '`cursor` of the next page; null on the last.' })
  nextCursor!: string | null;
}

/** What was set going: its attempts are seen under this id. */
export class SentDeliveryView {
  @ApiProperty({ example: 'whd_01h455vb4pex5vsknk084sn02q' })
  deliveryId!: string;
}

export function webhookDeliveryView(delivery: DeliveryWithAttempts): WebhookDeliveryView {
  const { id, endpointId, eventId, eventType, status, failureReason, attempts, nextAttemptAt } = delivery;
  return {
    id,
    endpointId,
    eventId,
    eventType,
    status,
    failureReason,
    attempts: attempts.map((attempt) => ({ ...attempt, at: attempt.at.toISOString() })),
    nextAttemptAt: nextAttemptAt?.toISOString() ?? null,
  };
}
