import { ApiProperty } from '@nestjs/swagger';
import type { AccountLane } from '#libs/image-requests';

/** The cloud counts calls in windows of one second. */
const WINDOW_MS = 1000;

export class LaneView {
  @ApiProperty({ example: 'cvm.intl.tencentcloudapi.com', description: 'The host of the cloud that counts the calls.' })
  endpoint!: string;

  @ApiProperty({ enum: ['CreateImage', 'DescribeImages'] })
  action!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'ap-guangzhou',
    description: 'Null for a host that serves several regions: they share the lane.',
  })
  region!: string | null;

  @ApiProperty({ example: 10, description: 'Calls that the cloud allows in a window.' })
  limit!: number;

  @ApiProperty({ example: 1000, description: 'Length of the window, ms.' })
  windowMs!: number;

  @ApiProperty({ example: 2, description: 'Tokens that a call holds now.' })
  inUse!: number;

  @ApiProperty({ example: 8, description: 'Tokens whose call has arrived less than a window ago.' })
  resting!: number;

  @ApiProperty({ example: 40, description: 'Image requests that wait for a token.' })
  waiting!: number;

  @ApiProperty({
    example: 10,
    description: 'Calls a window at present: the limit, or less after the cloud refused some.',
  })
  pace!: number;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the next token is free; null when that depends on an answer of the cloud.',
  })
  nextFreeAt!: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the last of those that wait should have its token, at the present pace; null when none waits.',
  })
  estimatedDrainAt!: string | null;
}

export class LaneList {
  @ApiProperty({ type: [LaneView] })
  data!: LaneView[];
}

export function laneView(lane: AccountLane, now: Date): LaneView {
  const after = (ms: number): string => new Date(now.getTime() + ms).toISOString();
  return {
    endpoint: lane.lane.host,
    action: lane.lane.action,
    region: lane.region,
    limit: lane.limit,
    windowMs: WINDOW_MS,
    inUse: lane.inUse,
    resting: lane.resting,
    waiting: lane.waiting,
    pace: lane.pace,
    nextFreeAt: lane.nextFreeInMs === null ? null : after(lane.nextFreeInMs),
    estimatedDrainAt: lane.waiting === 0 ? null : after((lane.waiting / lane.pace) * WINDOW_MS),
  };
}
