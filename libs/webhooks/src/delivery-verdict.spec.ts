import { judge } from './delivery-verdict.js';
import type { SendResult } from './webhook-sender.js';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const SCHEDULE = { stepsMs: [5000, 300_000], random: () => 0.5 };

const answer = (fields: Partial<SendResult>): SendResult => ({
  statusCode: null,
  error: null,
  responseBody: null,
  retryAfter: undefined,
  ...fields,
});

describe('judge', () => {
  it.each([200, 201, 202, 204, 299])('takes a complete %d as delivered', (statusCode) => {
    expect(judge(answer({ statusCode }), 1, SCHEDULE, NOW)).toEqual({ kind: 'delivered' });
  });

  it.each([301, 302, 307, 400, 401, 404, 408, 429, 500, 503])('tries again after %d', (statusCode) => {
    const at = new Date(NOW.getTime() + 5000);
    expect(judge(answer({ statusCode }), 1, SCHEDULE, NOW)).toEqual({ kind: 'retry', at });
  });

  it('tries again after no answer, and after a 2xx that broke off', () => {
    expect(judge(answer({ error: 'the connection was refused' }), 1, SCHEDULE, NOW).kind).toBe('retry');
    expect(judge(answer({ statusCode: 200, error: 'no complete answer' }), 1, SCHEDULE, NOW).kind).toBe('retry');
  });

  it('lets the receiver set the pace', () => {
    const at = new Date(NOW.getTime() + 9000);
    expect(judge(answer({ statusCode: 503, retryAfter: '9' }), 1, SCHEDULE, NOW)).toEqual({ kind: 'retry', at });
  });

  it('gives up when the schedule has ended, and at once when the endpoint is gone', () => {
    expect(judge(answer({ statusCode: 500 }), 3, SCHEDULE, NOW)).toEqual({ kind: 'failed', reason: 'retries_spent' });
    expect(judge(answer({ statusCode: 410 }), 1, SCHEDULE, NOW)).toEqual({ kind: 'failed', reason: 'endpoint_gone' });
  });
});
