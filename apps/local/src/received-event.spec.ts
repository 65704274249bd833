import { Webhook } from 'standardwebhooks';
import { type Delivery, readDelivery } from './received-event.js';

const SECRET = `whsec_${Buffer.from('a secret of twenty-four b').toString('base64')}`;
const BODY = JSON.stringify({
  type: 'image_request.succeeded',
  subject: 'ireq_1',
  data: { imageRequest: { imageId: 'img-1', imageName: 'myImage' } },
});

interface Sent {
  body?: string;
  signedBody?: string;
  secret?: string;
  at?: Date;
}

function delivery({ body = BODY, signedBody = body, secret = SECRET, at = new Date() }: Sent = {}): Delivery {
  const headers = {
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('evt_1', at, signedBody),
  };
  return { number: 1, receivedAt: new Date(), headers, body };
}

describe('readDelivery', () => {
  it('verifies what the service signed, and says what it is about', () => {
    expect(readDelivery(delivery(), SECRET)).toMatchObject({
      verified: true,
      type: 'image_request.succeeded',
      subject: 'ireq_1',
      imageId: 'img-1',
      imageName: 'myImage',
    });
  });

  it.each([
    ['another body than was signed', delivery({ signedBody: '{}' }), SECRET],
    ['another secret', delivery({ secret: `whsec_${Buffer.from('another').toString('base64')}` }), SECRET],
    ['a signature from long ago', delivery({ at: new Date(Date.now() - 3_600_000) }), SECRET],
    ['no signature', { ...delivery(), headers: {} }, SECRET],
    ['a secret that is not known yet', delivery(), undefined],
  ])('refuses %s, and says why', (_what, received, secret) => {
    const event = readDelivery(received, secret);
    expect(event.verified).toBe(false);
    expect(event.refusal).toBeTruthy();
  });

  it.each(['', 'not json', 'null', '[]', '{"type":7,"data":{"imageRequest":[]}}'])(
    'takes a body that is no event for what it is: %j',
    (body) => {
      expect(readDelivery(delivery({ body }), SECRET)).toMatchObject({ type: 'unknown', subject: '', imageName: '' });
    },
  );
});
