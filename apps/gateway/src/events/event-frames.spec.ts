import { cloudEvent, type SequencedEvent } from '#libs/events';
import { newId } from '#libs/ids';
import { EventFrames } from './event-frames.js';

const EVENT: SequencedEvent = {
  id: newId('evt'),
  position: 7,
  tenantId: newId('ten'),
  accountId: newId('acc'),
  type: 'image_request.queued',
  subject: newId('ireq'),
  data: { imageRequest: { metadata: { note: 'two\nlines\r\nand\u2028more' } } },
  createdAt: new Date('2026-01-02T03:04:05.006Z'),
  sequence: 41,
};

describe('EventFrames', () => {
  it('gives an event in four lines, with the envelope as the feed and webhooks have it', () => {
    const lines = new EventFrames().of(EVENT).toString('utf8').split('\n');

    expect(lines).toEqual([
      `id: ${EVENT.id}`,
      'event: image_request.queued',
      `data: ${JSON.stringify(cloudEvent(EVENT))}`,
      '',
      '',
    ]);
  });

  it('writes an event out once, however many streams it goes to', () => {
    const frames = new EventFrames();
    expect(frames.of(EVENT)).toBe(frames.of(EVENT));
  });
});
