import { Webhook } from 'standardwebhooks';
import { newSigningSecret, signatureHeaders } from './signature.js';

const message = () => ({ id: 'evt_1', at: new Date(), body: '{"a":"ü"}' });

describe('signatureHeaders', () => {
  it('is verified by the published library', () => {
    const secret = newSigningSecret();
    const headers = { ...signatureHeaders(message(), [secret]) };

    expect(new Webhook(secret.reveal()).verify(message().body, headers)).toEqual({ a: 'ü' });
    expect(() => new Webhook(secret.reveal()).verify('{"a":"u"}', headers)).toThrow('No matching signature');
    expect(() => new Webhook(newSigningSecret().reveal()).verify(message().body, headers)).toThrow(
      'No matching signature',
    );
  });

  it('satisfies the holder of any of several secrets', () => {
    const secrets = [newSigningSecret(), newSigningSecret()];
    const headers = { ...signatureHeaders(message(), secrets) };

    for (const secret of secrets)
      expect(() => new Webhook(secret.reveal()).verify(message().body, headers)).not.toThrow();
  });

  it('makes secrets of 32 random bytes that do not print', () => {
    const secret = newSigningSecret();
    expect(secret.reveal()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(`${String(secret)} ${JSON.stringify({ secret })}`).not.toContain('whsec_');
    expect(newSigningSecret().reveal()).not.toBe(secret.reveal());
  });
});
