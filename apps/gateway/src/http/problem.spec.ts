import { BadRequestException, NotFoundException } from '@nestjs/common';
import { AppError, InvalidInput, NotFound } from '#libs/errors';
import { faultOf, problemOf } from './problem.js';

const REQUEST = { origin: 'https://images.example.com', path: '/v1/accounts', id: 'req-1' };

class QuotaSpent extends AppError {
  readonly code = 'quota_spent';
  readonly kind = 'rate_limited';
  readonly publicMessage = 'Wait a little.';
  override readonly retryAfterMs = 1500;
}

describe('A problem', () => {
  it('says what a refusal says in public, and nothing that is for the log', () => {
    const problem = problemOf(faultOf(new QuotaSpent('quota of acc_1 spent by key_2')), REQUEST);

    expect(problem).toEqual({
      type: 'https://images.example.com/problems/quota_spent',
      title: 'Quota spent',
      status: 429,
      detail: 'Wait a little.',
      instance: '/v1/accounts',
      code: 'quota_spent',
      requestId: 'req-1',
    });
    expect(faultOf(new QuotaSpent('')).retryAfterMs).toBe(1500);
  });

  it('names every fault of the input', () => {
    const errors = [{ pointer: '/a', code: 'required', detail: 'is required' }];

    expect(problemOf(faultOf(new InvalidInput(errors)), REQUEST)).toMatchObject({ status: 400, errors });
  });

  it('is the same for an unknown object whichever it is', () => {
    expect(faultOf(new NotFound('account'))).toMatchObject({ status: 404, code: 'not_found' });
  });

  it.each([
    ['an error of the framework', new BadRequestException('column "x" does not exist'), 400, 'malformed_request'],
    ['a route that is not there', new NotFoundException('Cannot GET /x'), 404, 'route_not_found'],
    ['a bug', new TypeError('secretKey of undefined'), 500, 'internal_error'],
    ['something that is no error', 'select secret from credentials', 500, 'internal_error'],
    ['a lost database', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 503, 'unavailable'],
    ['a database that shuts down', Object.assign(new Error('terminating'), { code: '57P01' }), 503, 'unavailable'],
    ['a connection that broke', new Error('Connection terminated unexpectedly'), 503, 'unavailable'],
  ])('keeps to itself what %s says', (_what, error, status, code) => {
    const problem = problemOf(faultOf(error), REQUEST);

    expect(problem).toMatchObject({ status, code });
    expect(JSON.stringify(problem)).not.toContain(error instanceof Error ? error.message : error);
  });
});
