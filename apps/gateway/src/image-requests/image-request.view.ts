import { ApiProperty } from '@nestjs/swagger';
import type { ImageRequestStatus, ImageRequestView as View, WaitingFor } from '#libs/image-requests';
import { ImageTagBody } from './image-tag.dto.js';

const STATUSES = ['queued', 'submitting', 'creating', 'succeeded', 'failed', 'canceled'] as const;
const CATEGORIES = ['caller', 'credential', 'quota', 'state', 'rate_limit', 'unknown_outcome', 'internal'] as const;

export class QueuePlaceView {
  @ApiProperty({ example: 1, description: '1 is next.' })
  position!: number;

  @ApiProperty({ format: 'date-time' })
  estimatedStartAt!: string;
}

export class FailureView {
  @ApiProperty({ example: 'InvalidInstanceId.NotFound', description: "The cloud's own code where it gave one." })
  code!: string;

  @ApiProperty()
  message!: string;

  @ApiProperty({ enum: CATEGORIES })
  category!: (typeof CATEGORIES)[number];

  @ApiProperty({ description: 'Whether the same request may well succeed later without a change.' })
  retryable!: boolean;

  @ApiProperty({ type: String, nullable: true })
  upstreamRequestId!: string | null;

  @ApiProperty({ description: 'What the caller can do about it.' })
  hint!: string;
}

/** Documents what `imageRequestView` of #libs/image-requests makes; the compiler holds the two together. */
export class ImageRequestView implements View {
  @ApiProperty({ example: 'ireq_01h455vb4pex5vsknk084sn02q' })
  id!: string;

  @ApiProperty({ example: 'ten_01h455vb4pex5vsknk084sn02q' })
  tenantId!: string;

  @ApiProperty({ example: 'acc_01h455vb4pex5vsknk084sn02q' })
  accountId!: string;

  @ApiProperty({ example: 'ap-guangzhou' })
  region!: string;

  @ApiProperty({ example: 'myImage' })
  imageName!: string;

  @ApiProperty({ type: String, nullable: true, example: 'ins-6pb6lrmy' })
  instanceId!: string | null;

  @ApiProperty({ type: [String] })
  snapshotIds!: readonly string[];

  @ApiProperty({ type: [String] })
  dataDiskIds!: readonly string[];

  @ApiProperty({ type: String, nullable: true })
  imageDescription!: string | null;

  @ApiProperty()
  forcePoweroff!: boolean;

  @ApiProperty()
  sysprep!: boolean;

  @ApiProperty()
  dryRun!: boolean;

  @ApiProperty({ type: [ImageTagBody] })
  tags!: readonly ImageTagBody[];

  @ApiProperty({ type: String, nullable: true })
  imageFamily!: string | null;

  @ApiProperty({ type: 'integer', minimum: 0, maximum: 9, example: 5 })
  priority!: number;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  startDeadline!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  metadata!: Readonly<Record<string, string>>;

  @ApiProperty({ enum: STATUSES })
  status!: ImageRequestStatus;

  @ApiProperty({ type: String, enum: ['token', 'instance', 'retry'], nullable: true })
  waitingFor!: WaitingFor | null;

  @ApiProperty({ type: QueuePlaceView, nullable: true })
  queue!: QueuePlaceView | null;

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'img-0yc6rie8',
    description: 'Null until the cloud accepted it.',
  })
  imageId!: string | null;

  @ApiProperty({ type: 'integer', example: 1, description: 'Calls of CreateImage so far.' })
  attempts!: number;

  @ApiProperty({
    type: FailureView,
    nullable: true,
    description: 'Why it failed. Of an open request, what its owner has to mend before it goes on by itself.',
  })
  error!: FailureView | null;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  submittedAt!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  completedAt!: string | null;

  @ApiProperty({ format: 'date-time' })
  updatedAt!: string;
}

export class ImageRequestPage {
  @ApiProperty({ type: [ImageRequestView] })
  data!: readonly ImageRequestView[];

  @ApiProperty({ type: String, nullable: true, description: '`cursor` of the next page; null on the last.' })
  nextCursor!: string | null;
}

export class ValidationView {
  @ApiProperty({ enum: [true], description: 'Every check passed; nothing was enqueued.' })
  valid!: true;
}
