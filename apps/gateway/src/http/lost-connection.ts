/** PostgreSQL's for a lost connection, a server that goes down or has no room for one more, and a database that is gone. */
const SQL_STATES = /^(?:08...|57P0[1-3]|53300|3D000)$/;
const SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** What the PostgreSQL and Redis clients say themselves, with no code to go by. */
const WORDS =
  /connection (?:terminated|is closed|timeout|error)|timeout exceeded when trying to connect|command timed out|max retries per request/i;

/** Whether an error means that a dependency is out of reach for now, so the same call may well succeed a moment later. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.some(isConnectionLost)) return true;
  const code = 'code' in error ? String(error.code) : '';
  return SQL_STATES.test(code) || SYSTEM_CODES.has(code) || WORDS.test(error.message);
}
