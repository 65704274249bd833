import type { LoggerService } from '@nestjs/common';
import type { Log } from './log.js';

/** Nest's own messages as lines of ours; its start-up chatter is worth no more than a debug line. */
export function nestLogger(log: Log): LoggerService {
  const write =
    (level: 'debug' | 'warn' | 'error') =>
    (message: unknown, ...rest: unknown[]): void => {
      const error = message instanceof Error ? { error: message } : {};
      log[level]({ event: 'nest.said', message: String(message), context: rest.at(-1), ...error });
    };
  return {
    log: write('debug'),
    debug: write('debug'),
    verbose: write('debug'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('error'),
  };
}
