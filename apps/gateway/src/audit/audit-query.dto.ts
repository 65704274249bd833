import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString } from 'class-validator';
import type { AuditFilter } from '#libs/audit';
import { PageQuery } from '../http/page.query.dto.js';
import { Timestamp } from '../http/rules.js';

export class AuditQuery extends PageQuery {
  @ApiPropertyOptional({ example: 'credential.rotate' })
  @IsOptional()
  @IsString()
  action?: string;

  @ApiPropertyOptional({ example: 'key_01h455vb4pex5vsknk084sn02q' })
  @IsOptional()
  @IsString()
  actorId?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Included.' })
  @IsOptional()
  @Timestamp()
  from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Not included.' })
  @IsOptional()
  @Timestamp()
  to?: string;
}

export function auditFilterOf({ action, actorId, from, to }: AuditQuery): AuditFilter {
  return {
    ...(action === undefined ? {} : { action }),
    ...(actorId === undefined ? {} : { actorId }),
    ...(from === undefined ? {} : { from: new Date(from) }),
    ...(to === undefined ? {} : { to: new Date(to) }),
  };
}
