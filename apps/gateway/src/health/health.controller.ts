import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Public } from '../http/access.js';
import { Draining } from '../http/draining.js';
import { Problems } from '../http/problem.view.js';
import { NotReady } from './health.errors.js';
import { type Checks, Readiness } from './readiness.js';

export class LiveView {
  @ApiProperty({ enum: ['live'] })
  status!: 'live';
}

export class ReadyView {
  @ApiProperty({ enum: ['ready'] })
  status!: 'ready';

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string', enum: ['ok', 'failing'] },
    example: { postgres: 'ok', redis: 'ok', schema: 'ok' },
  })
  checks!: Checks;
}

@ApiTags('Health')
@Public()
@Controller('health')
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly draining: Draining,
  ) {}

  @Get('live')
  @ApiOperation({ summary: 'Whether the process runs; asks nobody else' })
  @ApiOkResponse({ type: LiveView })
  live(): LiveView {
    return { status: 'live' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether requests can be served; names the part that fails' })
  @ApiOkResponse({ type: ReadyView })
  @Problems(503)
  async ready(): Promise<ReadyView> {
    const checks = await this.readiness.check();
    const isWell = Object.values(checks).every((state) => state === 'ok');
    if (!isWell || this.draining.signal.aborted) throw new NotReady(checks, this.draining.signal.aborted);
    return { status: 'ready', checks };
  }
}
