import { createHash, createHmac } from 'node:crypto';

import { parseAuthorization, signatureMatches, signTc3, type SignedRequest } from './tc3.js';

const REQUEST: SignedRequest = {
  method: 'POST',
  path: '/',
  query: '',
  headers: { 'content-type': 'application/json; charset=utf-8', host: 'cvm.tencentcloudapi.com' },
  body: Buffer.from('{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'),
  timestampSeconds: 1_551_113_065,
};
const SCOPE = { secretId: 'AKIDexample', date: '2019-02-25', service: 'cvm', signedHeaders: ['content-type', 'host'] };

/** The five steps of the specification written out flat, sharing no code with the subject. */
function signedByHand(secretKey: string): string {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const canonical =
    'POST\n/\n\ncontent-type:application/json; charset=utf-8\nhost:cvm.tencentcloudapi.com\n\ncontent-type;host\n' +
    sha256(REQUEST.body.toString());
  const toSign = `TC3-HMAC-SHA256\n1551113065\n2019-02-25/cvm/tc3_request\n${sha256(canonical)}`;
  let key: string | Buffer = `TC3${secretKey}`;
  for (const part of ['2019-02-25', 'cvm', 'tc3_request']) key = createHmac('sha256', key).update(part).digest();
  return createHmac('sha256', key).update(toSign).digest('hex');
}

describe('TC3 signatures', () => {
  const signature = signedByHand('example-secret');

  it('are those of the specification', () => {
    expect(signTc3(REQUEST, SCOPE, 'example-secret')).toBe(signature);
  });

  it('pass with the port in Host but not in the signature, and with values lower-cased', () => {
    const sent = { host: 'cvm.tencentcloudapi.com:9100', 'content-type': 'Application/JSON; charset=UTF-8' };

    expect(signatureMatches({ ...REQUEST, headers: sent }, { ...SCOPE, signature }, 'example-secret')).toBe(true);
  });

  it.each<[string, Partial<SignedRequest>]>([
    ['body', { body: Buffer.from('{}') }],
    ['time', { timestampSeconds: 1_551_113_066 }],
    ['host', { headers: { ...REQUEST.headers, host: 'sts.tencentcloudapi.com' } }],
    ['content type', { headers: { ...REQUEST.headers, 'content-type': 'application/json' } }],
    ['method', { method: 'GET' }],
  ])('fail when the %s is another', (_, change) => {
    expect(signatureMatches({ ...REQUEST, ...change }, { ...SCOPE, signature }, 'example-secret')).toBe(false);
  });

  it('fail with another key', () => {
    expect(signatureMatches(REQUEST, { ...SCOPE, signature }, 'example-secret2')).toBe(false);
  });
});

describe('The Authorization header', () => {
  const signature = 'a'.repeat(64);
  const header = (signedHeaders: string, scope = 'localhost:9100') =>
    `TC3-HMAC-SHA256 Credential=AKID1/2019-02-25/${scope}/tc3_request, SignedHeaders=${signedHeaders}, Signature=${signature}`;

  it('is read whatever service it names', () => {
    expect(parseAuthorization(header('content-type;host'))).toEqual({
      secretId: 'AKID1',
      date: '2019-02-25',
      service: 'localhost:9100',
      signedHeaders: ['content-type', 'host'],
      signature,
    });
  });

  it.each([
    'Bearer token',
    header('content-type'),
    header('host'),
    header('content-type;host').replace('TC3-HMAC-SHA256', 'HmacSHA256'),
    header('content-type;host').slice(0, -1),
  ])('is refused when malformed or signing too little: %s', (malformed) => {
    expect(parseAuthorization(malformed)).toBeNull();
  });
});
