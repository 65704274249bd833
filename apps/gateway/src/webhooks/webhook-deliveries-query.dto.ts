import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import type { DeliveryStatus } from '#libs/webhooks';
import { PageQuery } from '../http/page.query.dto.js';

const STATUSES = ['pending', 'delivered', 'failed'] as const;

export class DeliveriesQuery extends PageQuery {
  @ApiPropertyOptional({ enum: STATUSES })
  @IsOptional()
  @IsIn(STATUSES)
  status?: DeliveryStatus;
}
