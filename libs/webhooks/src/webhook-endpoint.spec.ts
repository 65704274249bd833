import type { SequencedEvent } from '#libs/events';
import { newId } from '#libs/ids';
import { endpointSnapshot, wantsEvent, type WebhookEndpoint } from './webhook-endpoint.js';

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

describe('wantsEvent', () => {
  it('wants everything of its tenant, and nothing of another, when it has no filter', () => {
    expect(wantsEvent(endpointOf(), eventOf())).toBe(true);
    expect(wantsEvent(endpointOf(), eventOf({ accountId: null }))).toBe(true);
    expect(wantsEvent(endpointOf(), eventOf({ tenantId: newId('ten') }))).toBe(false);
  });

  it('filters by type and by account, and by both at once', () => {
    const both = endpointOf({ eventTypes: ['image_request.succeeded'], accountIds: [accountId] });
    expect(wantsEvent(both, eventOf())).toBe(true);
    expect(wantsEvent(both, eventOf({ type: 'image_request.failed' }))).toBe(false);
    expect(wantsEvent(both, eventOf({ accountId: newId('acc') }))).toBe(false);
    expect(wantsEvent(both, eventOf({ accountId: null }))).toBe(false);
  });

  it('wants nothing while it is disabled', () => {
    expect(wantsEvent(endpointOf({ status: 'disabled' }), eventOf())).toBe(false);
  });

  it('wants its own test, whatever its filters, and no test of another', () => {
    const endpoint = endpointOf({ eventTypes: ['image_request.failed'], accountIds: [accountId] });
    const test = eventOf({ type: 'webhook_endpoint.test', accountId: null, subject: endpoint.id });
    expect(wantsEvent(endpoint, test)).toBe(true);
    expect(wantsEvent(endpointOf(), test)).toBe(false);
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
      'createdAt',
    ]);
  });
});
