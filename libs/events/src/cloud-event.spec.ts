import { CloudEvent } from 'cloudevents';
import fc from 'fast-check';
import { newId } from '#libs/ids';
import { cloudEvent } from './cloud-event.js';
import { EVENT_TYPES, type SequencedEvent } from './event.js';

function eventOf(fields: Partial<SequencedEvent> = {}): SequencedEvent {
  return {
    id: newId('evt'),
    position: 7,
    tenantId: newId('ten'),
    accountId: newId('acc'),
    type: 'image_request.queued',
    subject: newId('ireq'),
    data: { imageRequest: { id: 'ireq_1' } },
    createdAt: new Date('2026-01-02T03:04:05.006Z'),
    sequence: 41,
    ...fields,
  };
}

describe('cloudEvent', () => {
  it('is a CloudEvent by the rules of the CloudEvents SDK, whatever it tells of', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...EVENT_TYPES),
        fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.boolean(),
        (type, sequence, data, ofAccount) => {
          const envelope = cloudEvent(eventOf({ type, sequence, data, accountId: ofAccount ? newId('acc') : null }));
          const parsed = JSON.parse(JSON.stringify(envelope)) as Record<string, unknown>;
          expect(new CloudEvent(parsed).validate()).toBe(true);
        },
      ),
    );
  });

  it('names the account as its source, and the tenant where there is none', () => {
    const { accountId, tenantId, ...rest } = eventOf();
    expect(cloudEvent({ ...rest, tenantId, accountId }).source).toBe(`/accounts/${accountId}`);
    expect(cloudEvent({ ...rest, tenantId, accountId: null }).source).toBe(`/tenants/${tenantId}`);
  });

  it('carries its place in the sequence as a number, the time in UTC, and the data untouched', () => {
    const event = eventOf();
    expect(cloudEvent(event)).toEqual({
      specversion: '1.0',
      id: event.id,
      source: `/accounts/${event.accountId}`,
      type: 'image_request.queued',
      subject: event.subject,
      time: '2026-01-02T03:04:05.006Z',
      datacontenttype: 'application/json',
      sequence: 41,
      data: { imageRequest: { id: 'ireq_1' } },
    });
  });
});
