import { ArrayNotEmpty, Max, Min } from 'class-validator';
import { integer, integers } from './parsers.js';
import { ServiceSettings } from './service.settings.js';
import { Variable } from './variable.js';

/** Everything the worker reads from its environment. */
export class WorkerSettings extends ServiceSettings {
  @Variable('RESEND_FENCE_MS', integer, { default: '330000' })
  @Min(0)
  @Max(86_400_000)
  resendFenceMs!: number;

  @Variable('TRACK_INTERVAL_MS', integer, { default: '5000' })
  @Min(50)
  @Max(600_000)
  trackIntervalMs!: number;

  @Variable('TRACK_DEADLINE_MS', integer, { default: '21600000' })
  @Min(1000)
  @Max(604_800_000)
  trackDeadlineMs!: number;

  @Variable('WORKER_CONCURRENCY', integer, { default: '50' })
  @Min(1)
  @Max(1000)
  workerConcurrency!: number;

  @Variable('STATE_RETRY_DEADLINE_MS', integer, { default: '1800000' })
  @Min(0)
  @Max(86_400_000)
  stateRetryDeadlineMs!: number;

  @Variable('RETRY_BASE_MS', integer, { default: '5000' })
  @Min(1)
  @Max(600_000)
  retryBaseMs!: number;

  @Variable('WEBHOOK_RETRY_SCHEDULE_MS', integers, {
    default: '5000,300000,1800000,7200000,18000000,36000000,50400000,72000000,86400000',
  })
  @ArrayNotEmpty()
  @Min(0, { each: true })
  webhookRetryScheduleMs!: readonly number[];

  @Variable('WEBHOOK_TIMEOUT_MS', integer, { default: '15000' })
  @Min(1)
  @Max(120_000)
  webhookTimeoutMs!: number;

  /** The contract promises 30 days, so no setting may keep less. */
  @Variable('EVENT_RETENTION_DAYS', integer, { default: '30' })
  @Min(30)
  @Max(3650)
  eventRetentionDays!: number;
}
