import { ApiProperty } from '@nestjs/swagger';
import type { AuditEntry } from '#libs/audit';

export class ActorView {
  @ApiProperty({ enum: ['api_key', 'system'] })
  type!: string;

  @ApiProperty({ type: String, nullable: true, example: 'key_01h455vb4pex5vsknk084sn02q' })
  id!: string | null;

  @ApiProperty({ example: 'nightly builds' })
  name!: string;

  @ApiProperty({ type: String, nullable: true, example: '10.0.0.7' })
  ip!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'curl/8.5.0' })
  userAgent!: string | null;
}

export class AuditTargetView {
  @ApiProperty({ example: 'account' })
  type!: string;

  @ApiProperty({ type: String, nullable: true, example: 'acc_01h455vb4pex5vsknk084sn02q' })
  id!: string | null;
}

export class UpstreamCallView {
  @ApiProperty({ example: 'cvm.intl.tencentcloudapi.com' })
  endpoint!: string;

  @ApiProperty({ example: 'ap-guangzhou' })
  region!: string;

  @ApiProperty({ example: 'CreateImage' })
  action!: string;

  @ApiProperty({ type: String, nullable: true, description: "The cloud's own id of the call." })
  requestId!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The error code, where the cloud refused.' })
  code!: string | null;

  @ApiProperty({ type: Number, nullable: true, example: 120, description: 'Null when the caller was lost on the way.' })
  durationMs!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: 'How long the call waited for a token of its lane.' })
  tokenWaitMs!: number | null;
}

export class AuditEntryView {
  @ApiProperty({ type: Number, nullable: true, description: 'Its place in the sealed chain; null until it is sealed.' })
  seq!: number | null;

  @ApiProperty({ example: 'aud_01h455vb4pex5vsknk084sn02q' })
  id!: string;

  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ type: ActorView })
  actor!: ActorView;

  @ApiProperty({ example: 'credential.rotate' })
  action!: string;

  @ApiProperty({ type: AuditTargetView })
  target!: AuditTargetView;

  @ApiProperty({ enum: ['success', 'failure'] })
  outcome!: string;

  @ApiProperty({ type: String, nullable: true })
  requestId!: string | null;

  @ApiProperty({ type: UpstreamCallView, nullable: true })
  upstream!: UpstreamCallView | null;

  @ApiProperty({ type: 'object', additionalProperties: true })
  detail!: Readonly<Record<string, unknown>>;

  @ApiProperty({ type: String, nullable: true })
  prevHash!: string | null;

  @ApiProperty({ type: String, nullable: true })
  hash!: string | null;
}

export class AuditPage {
  @ApiProperty({ type: [AuditEntryView] })
  data!: readonly AuditEntryView[];

  @ApiProperty({ type: String, nullable: true, description: '`cursor` of the next page; null on the last.' })
  nextCursor!: string | null;
}

export function auditEntryView(entry: AuditEntry): AuditEntryView {
  const { id, at, actor, action, target, outcome, requestId, upstream, detail } = entry;
  return {
    seq: null,
    id,
    at: at.toISOString(),
    actor,
    action,
    target,
    outcome,
    requestId,
    upstream,
    detail,
    prevHash: null,
    hash: null,
  };
}
