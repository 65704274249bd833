import { pino } from 'pino';

/** One wide line for each unit of work: an event name in the past tense, every id, the outcome, `duration_ms`. */
export abstract class Log {
  abstract debug(line: LogLine): void;
  abstract info(line: LogLine): void;
  abstract warn(line: LogLine): void;
  abstract error(line: LogLine): void;
}

export type LogLine = { readonly event: string; readonly error?: unknown } & Readonly<Record<string, unknown>>;

/** The second net under the `Secret` type: fields by these names are blanked wherever they might slip in. */
const REDACTED = ['secretKey', 'secretId', 'authorization', 'password', 'apiKey', 'secret'].flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
]);

/** JSON lines on standard output; `app` stands in each. */
export function createLog(app: string, level: string): Log {
  return pino({
    level,
    base: { app },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: describeError },
    redact: { paths: REDACTED, censor: '[secret]' },
  });
}

/** Name, message, stack and causes, nothing else: errors of libraries carry requests, and requests carry secrets. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

/** Says nothing; for tests of code that logs. */
export class SilentLog extends Log {
  debug(): void {}
  info(): void {}
  warn(): void {}
  error(): void {}
}
