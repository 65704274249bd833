import { AppError } from '#libs/errors';

const RETRY_AFTER_MS = 10_000;

export class TooManyStreams extends AppError {
  readonly code = 'too_many_streams';
  readonly kind = 'rate_limited';
  readonly publicMessage: string;
  override readonly retryAfterMs = RETRY_AFTER_MS;

  constructor(streamsMax: number) {
    super('a tenant has as many event streams on this gateway as it may');
    this.publicMessage = `This tenant has ${streamsMax} event streams open here, which is as many as it may have.`;
  }
}

export class StreamsUnavailable extends AppError {
  readonly code = 'streams_unavailable';
  readonly kind = 'unavailable';
  readonly publicMessage = 'No more event streams can be opened here at the moment; the feed can be read meanwhile.';
  override readonly retryAfterMs = RETRY_AFTER_MS;
}
