import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  IsBoolean,
  IsDefined,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  Validate,
  ValidateIf,
} from 'class-validator';
import type { AccountId } from '#libs/ids';
import type { ImageOrder } from '#libs/image-requests';
import { NestedList } from '../http/instantiate.js';
import { ConflictsWith, ListOf, Name, OnlyWith, Text, TextMap, Timestamp } from '../http/rules.js';
import { ImageTagBody, TagList } from './image-tag.dto.js';
import { KnownRegion } from './known-region.js';

// The cloud's ids have eight characters after the dash; the contract allows for more, and this keeps them storable.
const INSTANCE_ID = /^ins-[a-z0-9]{8,60}$/;
const SNAPSHOT_ID = /^snap-[a-z0-9]{8,60}$/;
const DISK_ID = /^disk-[a-z0-9]{8,60}$/;
const IDS = { min: 1, max: 50 };
const PRIORITY_DEFAULT = 5;

/** Exactly one source: without snapshots the instance is required. */
const needsInstance = ({ instanceId, snapshotIds }: CreateImageRequest): boolean =>
  isGiven(instanceId) || !isGiven(snapshotIds);

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

export class CreateImageRequest {
  @ApiProperty({ example: 'acc_01h455vb4pex5vsknk084sn02q', description: 'In which account the image is made.' })
  @IsDefined()
  @IsString()
  accountId!: string;

  @ApiProperty({ example: 'ap-guangzhou', description: 'Where the instance or the snapshots are.' })
  @IsDefined()
  @IsString()
  @Validate(KnownRegion)
  region!: string;

  @ApiProperty({
    minLength: 1,
    maxLength: 60,
    example: 'myImage',
    description:
      '1 to 60 characters, counted as Unicode code points; not blank, no control characters. No other open request of the account and region may bear the name.',
  })
  @IsDefined()
  @Name({ min: 1, max: 60 })
  imageName!: string;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    pattern: INSTANCE_ID.source,
    example: 'ins-6pb6lrmy',
    description: 'The instance to make the image of. Exactly one of `instanceId` and `snapshotIds`.',
  })
  @ValidateIf(needsInstance)
  @IsDefined()
  @IsString()
  @Matches(INSTANCE_ID, { message: `must match ${INSTANCE_ID.source}` })
  instanceId?: string | null;

  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    minItems: 1,
    maxItems: 50,
    uniqueItems: true,
    example: ['snap-3scgxvxn'],
    description: 'The snapshots to make the image of. Exactly one of `instanceId` and `snapshotIds`.',
  })
  @IsOptional()
  @ListOf(SNAPSHOT_ID, IDS)
  @ConflictsWith('instanceId')
  snapshotIds?: readonly string[] | null;

  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    minItems: 1,
    maxItems: 50,
    uniqueItems: true,
    example: ['disk-q2r7k6hk'],
    description: 'Data disks of the instance that go into the image as well; only with `instanceId`.',
  })
  @IsOptional()
  @ListOf(DISK_ID, IDS)
  @OnlyWith('instanceId')
  dataDiskIds?: readonly string[] | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    maxLength: 256,
    example: 'nightly build',
    description: 'At most 256 characters.',
  })
  @IsOptional()
  @Text({ min: 0, max: 256 })
  imageDescription?: string | null;

  @ApiPropertyOptional({
    default: false,
    example: false,
    description: 'Shut a running instance down for the image, by force if need be; may be true only with `instanceId`.',
  })
  @IsOptional()
  @IsBoolean()
  @OnlyWith('instanceId')
  forcePoweroff?: boolean | null;

  @ApiPropertyOptional({
    default: false,
    example: false,
    description: 'Run Sysprep, on Windows; may be true only with `instanceId`.',
  })
  @IsOptional()
  @IsBoolean()
  @OnlyWith('instanceId')
  sysprep?: boolean | null;

  @ApiPropertyOptional({
    default: false,
    example: false,
    description: 'Have the cloud check the request and make nothing.',
  })
  @IsOptional()
  @IsBoolean()
  dryRun?: boolean | null;

  @ApiPropertyOptional({
    type: [ImageTagBody],
    nullable: true,
    maxItems: 50,
    example: [{ key: 'team', value: 'build' }],
    description: 'At most 50, each key once; no key begins with `qcs:` or `project`.',
  })
  @IsOptional()
  @TagList()
  @NestedList(() => ImageTagBody)
  tags?: readonly ImageTagBody[] | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    maxLength: 128,
    example: 'business-daily-update',
    description: 'The family that the image joins.',
  })
  @IsOptional()
  @Text({ min: 1, max: 128 })
  imageFamily?: string | null;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: 9,
    default: PRIORITY_DEFAULT,
    example: PRIORITY_DEFAULT,
    description: 'Among the requests that wait for a token, the larger goes first.',
  })
  @IsOptional()
  @IsInt({ message: 'must be a whole number' })
  @Min(0)
  @Max(9)
  priority?: number | null;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2036-01-31T12:00:00.000Z',
    description: 'A request that has not been sent to the cloud by then fails with `deadline_exceeded`.',
  })
  @IsOptional()
  @Timestamp()
  startDeadline?: string | null;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { build: '4711' },
    description: "The caller's own, at most 20 pairs. Returned and sent in events, never sent to the cloud.",
  })
  @IsOptional()
  @TextMap({ pairsMax: 20, key: { min: 1, max: 40 }, value: { min: 0, max: 500 } })
  metadata?: Readonly<Record<string, string>> | null;
}

/** What was asked for, with its defaults filled in. The body has been checked. */
export function imageOrderOf(body: CreateImageRequest): ImageOrder {
  const { accountId, region, imageName } = body;
  return {
    accountId: accountId as AccountId,
    region,
    imageName,
    instanceId: body.instanceId ?? null,
    snapshotIds: body.snapshotIds ?? [],
    dataDiskIds: body.dataDiskIds ?? [],
    imageDescription: body.imageDescription ?? null,
    forcePoweroff: body.forcePoweroff ?? false,
    sysprep: body.sysprep ?? false,
    dryRun: body.dryRun ?? false,
    tags: (body.tags ?? []).map(({ key, value }) => ({ key, value })),
    imageFamily: body.imageFamily ?? null,
    priority: body.priority ?? PRIORITY_DEFAULT,
    startDeadline: isGiven(body.startDeadline) ? new Date(String(body.startDeadline)) : null,
    metadata: body.metadata ?? {},
  };
}
