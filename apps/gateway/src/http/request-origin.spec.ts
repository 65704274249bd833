import type { FastifyRequest } from 'fastify';
import { instanceOf, keptPathOf } from './request-origin.js';

const KEY = `cvmk_${'Ab3-'.repeat(10)}xyz`;
const of = (url: string) => ({ url }) as FastifyRequest;

describe('keptPathOf', () => {
  it.each([
    '/v1/image-requests/ireq_01h455vb4pex5vsknk084sn02q/cancel',
    '/v1/accounts/acc_01h455vb4pex5vsknk084sn02q/audit-log',
    '/problems/credential_identity_mismatch',
    '/',
  ])('keeps %p as it is, without its query', (path) => {
    expect(keptPathOf(of(`${path}?key=${KEY}`))).toBe(path);
  });

  it.each([
    [`/v1/accounts/${KEY}/verify`, '/v1/accounts/*/verify'],
    ['/v1/tenants/0123456789abcdef0123456789abcdef', '/v1/tenants/*'],
    ['/v1/tenants/Gu5t9xGARNpq86cd98joQYCN3EXAMPLE', '/v1/tenants/*'],
    ['/v1/%41KIDz8krbsJ5yKBZQ', '/v1/*'],
  ])('keeps nothing of a key in %p', (path, kept) => {
    expect(keptPathOf(of(path))).toBe(kept);
  });
});

describe('instanceOf', () => {
  it('is the path, without keys', () => {
    expect(instanceOf(of('/v1/Accounts/x?limit=1'))).toBe('/v1/Accounts/x');
    expect(instanceOf(of(`/v1/accounts/${KEY}/verify`))).toBe('/v1/accounts/*/verify');
  });
});
