import fc from 'fast-check';
import { signaturesOf, takenByKey, takenBySecret, type WebhookKey } from '../../../test/support/verified-by.js';
import { newSigningKeyPair, newSigningSecret, signatureHeaders } from './signature.js';

/** As the list of public keys has it. */
function keyOf(publicKey: string): WebhookKey {
  const x = Buffer.from(publicKey.slice('whpk_'.length), 'base64').toString('base64url');
  return { kty: 'OKP', crv: 'Ed25519', x, kid: 'spec', alg: 'EdDSA', use: 'sig', publicKey };
}

const json = fc.json({ stringUnit: 'binary' });
const messages = fc.record({
  id: fc.stringMatching(/^evt_[0-9a-z]{26}$/),
  at: fc.date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
  body: json,
});

describe('signatureHeaders', () => {
  it('satisfies the holder of any of its secrets and nobody else, whatever the message is', () => {
    fc.assert(
      fc.property(messages, fc.integer({ min: 1, max: 3 }), (message, count) => {
        const secrets = Array.from({ length: count }, newSigningSecret);
        const request = { headers: { ...signatureHeaders(message, secrets) }, body: message.body };

        expect(signaturesOf(request, 'v1')).toHaveLength(count);
        for (const secret of secrets) expect(takenBySecret(secret.reveal(), request)).toBe(true);
        expect(takenBySecret(newSigningSecret().reveal(), request)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  it('satisfies whoever knows the public key, beside the holders of the secrets', async () => {
    const secret = newSigningSecret();
    await fc.assert(
      fc.asyncProperty(messages, async (message) => {
        const { publicKey, privateKey } = newSigningKeyPair();
        const request = { headers: { ...signatureHeaders(message, [secret], privateKey) }, body: message.body };

        expect(request.headers['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1a,[A-Za-z0-9+/]{86}==$/);
        expect(await takenByKey(keyOf(publicKey), request)).toBe(true);
        expect(takenBySecret(secret.reveal(), request)).toBe(true);
        expect(await takenByKey(keyOf(newSigningKeyPair().publicKey), request)).toBe(false);
      }),
      { numRuns: 25 },
    );
  });

  it('satisfies nobody once the body, the id or the time is another', async () => {
    const [secret, { publicKey, privateKey }] = [newSigningSecret(), newSigningKeyPair()];
    const at = new Date('2026-01-01T00:00:00.000Z');
    const headers = { ...signatureHeaders({ id: 'evt_1', at, body: '{"a":"ü"}' }, [secret], privateKey) };
    for (const other of [
      { headers, body: '{"a":"u"}' },
      { headers: { ...headers, 'webhook-id': 'evt_2' }, body: '{"a":"ü"}' },
      { headers: { ...headers, 'webhook-timestamp': '1767225601' }, body: '{"a":"ü"}' },
    ]) {
      expect(takenBySecret(secret.reveal(), other)).toBe(false);
      expect(await takenByKey(keyOf(publicKey), other)).toBe(false);
    }
  });

  it('is by the key alone where no secret is there', () => {
    const { privateKey } = newSigningKeyPair();
    const headers = signatureHeaders({ id: 'evt_1', at: new Date(), body: '{}' }, [], privateKey);
    expect(headers['webhook-signature']).toMatch(/^v1a,\S+$/);
  });
});

describe('newSigningSecret', () => {
  it('makes 32 random bytes that do not print', () => {
    const secret = newSigningSecret();
    expect(secret.reveal()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(`${String(secret)} ${JSON.stringify({ secret })}`).not.toContain('whsec_');
    expect(newSigningSecret().reveal()).not.toBe(secret.reveal());
  });
});

describe('newSigningKeyPair', () => {
  it('makes a new pair each time, whose private half does not print', () => {
    const [one, other] = [newSigningKeyPair(), newSigningKeyPair()];
    expect(one.publicKey).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/);
    expect(one.privateKey.reveal()).toMatch(/^whsk_[A-Za-z0-9+/]{43}=$/);
    expect(JSON.stringify(one)).not.toContain('whsk_');
    expect(one.privateKey.reveal()).not.toBe(other.privateKey.reveal());
    expect(one.publicKey).not.toBe(other.publicKey);
  });
});
