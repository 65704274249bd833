import type { SequencedEvent } from '#libs/events';
import { newId } from '#libs/ids';
import { endpointSnapshot, isFor, type WebhookEndpoint } from './webhook-endpoint.js';

const AT = new Date('2026-01-01T00:00:00.000Z');
const tenantId = newId('ten');
const accountId = newId('acc');

const endpointOf = (fields: Partial<WebhookEndpoint> = {}): WebhookEndpoint => ({
  id: newId('whe'),
  tenantId,
  url: 'https://hooks.example.com/',
  eventTypes: null,
  accountIds: null,
  description: null,
  status: 'enabled',
  signatureSchemes: ['v1'],
  createdAt: AT,
  updatedAt: AT,
  ...fields,
});

const eventOf = (fields: Partial<SequencedEvent> = {}): SequencedEvent => ({
  id: newId('evt'),
  position: 1,
  tenantId,
  accountId,
  type: 'image_request.succeeded',
  subject: newId('ireq'),
  data: {},
  createdAt: AT,
  sequence: 1,
  ...fields,
});

describe('isFor', () => {
  it('lets everything of its tenant through, and nothing of another, when it has no filter', () => {
    expect(isFor(eventOf(), endpointOf())).toBe(true);
    expect(isFor(eventOf({ accountId: null }), endpointOf())).toBe(true);
    expect(isFor(eventOf({ tenantId: newId('ten') }), endpointOf())).toBe(false);
  });

  it('filters by type and by account, and by both at once', () => {
    const both = endpointOf({ eventTypes: ['image_request.succeeded'], accountIds: [accountId] });
    expect(isFor(eventOf(), both)).toBe(true);
    expect(isFor(eventOf({ type: 'image_request.failed' }), both)).toBe(false);
    expect(isFor(eventOf({ accountId: newId('acc') }), both)).toBe(false);
    expect(isFor(eventOf({ accountId: null }), both)).toBe(false);
  });

  it('holds for a disabled endpoint too: what it misses is kept for it', () => {
    expect(isFor(eventOf(), endpointOf({ status: 'disabled' }))).toBe(true);
  });

  it('lets its own test through, whatever its filters, and no test of another', () => {
    const endpoint = endpointOf({ eventTypes: ['image_request.failed'], accountIds: [accountId] });
    const test = eventOf({ type: 'webhook_endpoint.test', accountId: null, subject: endpoint.id });
    expect(isFor(test, endpoint)).toBe(true);
    expect(isFor(test, endpointOf())).toBe(false);
  });
});

describe('endpointSnapshot', () => {
  it('is what the API shows of an endpoint', () => {
    expect(Object.keys(endpointSnapshot(endpointOf()))).toEqual([
      'id',
      'url',
      'eventTypes',
      'accountIds',
      'description',
      'status',
      'signatureSchemes',
      'createdAt',
    ]);
  });
});
