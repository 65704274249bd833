import { newId } from '#libs/ids';
import { replayChoice, type ReplayOrder } from './delivery-replay.js';
import type { WebhookDelivery } from './webhook-delivery.js';

const AT = new Date('2026-01-01T00:00:00.000Z');

const delivery = (fields: Partial<WebhookDelivery>): WebhookDelivery => ({
  id: newId('whd'),
  tenantId: newId('ten'),
  endpointId: newId('whe'),
  eventId: newId('evt'),
  eventType: 'image_request.queued',
  subject: 'ireq_1',
  status: 'pending',
  failureReason: null,
  attemptsMade: 1,
  attemptsBefore: 0,
  nextAttemptAt: null,
  createdAt: AT,
  ...fields,
});

const none = undefined;
const pending = delivery({});
const delivered = delivery({ status: 'delivered' });
const spent = delivery({ status: 'failed', failureReason: 'retries_spent', attemptsMade: 10 });
const neverTried = delivery({ status: 'failed', failureReason: 'endpoint_disabled', attemptsMade: 0 });

describe('replayChoice', () => {
  const rows: [string, ReplayOrder, string[]][] = [
    ['nothing', {}, ['plan', 'leave', 'leave', 'send_again', 'send_again']],
    ['a time', { after: AT }, ['plan', 'leave', 'send_again', 'send_again', 'send_again']],
    ['failed', { only: 'failed' }, ['leave', 'leave', 'leave', 'send_again', 'send_again']],
    ['missing', { only: 'missing' }, ['plan', 'leave', 'leave', 'leave', 'send_again']],
    ['failed since', { only: 'failed', after: AT }, ['leave', 'leave', 'leave', 'send_again', 'send_again']],
    ['missing since', { only: 'missing', after: AT }, ['plan', 'leave', 'leave', 'leave', 'send_again']],
  ];

  it.each(rows)('chooses, when asked for %s, by what became of the delivery', (_asked, order, choices) => {
    expect([none, pending, delivered, spent, neverTried].map((one) => replayChoice(order, one))).toEqual(choices);
  });
});
