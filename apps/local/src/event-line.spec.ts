import pico from 'picocolors';
import { eventLine } from './event-line.js';
import type { ReceivedEvent } from './received-event.js';

const colors = pico.createColors(false);
const event: ReceivedEvent = {
  number: 1,
  receivedAt: new Date(0),
  verified: true,
  refusal: undefined,
  type: 'image_request.succeeded',
  subject: 'ireq_1',
  imageId: 'img-1',
  imageName: 'myImage',
  body: '{}',
};

describe('eventLine', () => {
  it('says on one line what happened to which image', () => {
    expect(eventLine(event, colors)).toBe('✓ image_request.succeeded ireq_1 img-1 myImage');
  });

  it('leaves out what is not known yet', () => {
    const queued = { ...event, type: 'image_request.queued', imageId: '' };
    expect(eventLine(queued, colors)).toBe('✓ image_request.queued ireq_1 myImage');
  });

  it('warns of a delivery that is not verified', () => {
    expect(eventLine({ ...event, verified: false, refusal: 'No matching signature' }, colors)).toBe(
      '✗ image_request.succeeded ireq_1 img-1 myImage not verified: No matching signature',
    );
  });

  it('lets no name rewrite the terminal', () => {
    expect(eventLine({ ...event, imageName: '\u001b[2Jgone\r\nnew\u0007' }, colors)).toBe(
      '✓ image_request.succeeded ireq_1 img-1 gone  new ',
    );
  });
});
