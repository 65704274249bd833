import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Secret } from '#libs/secret';
import { KeyRing, MasterKeyMissing } from './key-ring.js';
import { BoxWillNotOpen, Sealer } from './sealer.js';

const masterKey = (id: string) => ({ id, material: new Secret(randomBytes(32).toString('base64')) });

describe('Sealer', () => {
  const [first, second] = [masterKey('k1'), masterKey('k2')];
  const sealer = new Sealer(new KeyRing([first]));
  const owner = ['ten_1', 'acc_1', 'secretKey', '1'];

  it('opens what it sealed, for its owner', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(sealer.open(sealer.seal(new Secret(value), owner), owner).reveal()).toBe(value);
      }),
    );
  });

  it('does not open a box for anyone but its owner, whichever part differs or however the parts are cut', () => {
    const box = sealer.seal(new Secret('value'), owner);

    for (const other of [
      ['ten_2', 'acc_1', 'secretKey', '1'],
      ['ten_1', 'acc_2', 'secretKey', '1'],
      ['ten_1', 'acc_1', 'secretId', '1'],
      ['ten_1', 'acc_1', 'secretKey', '2'],
      ['ten_1acc_1', 'secretKey', '1'],
      [],
    ]) {
      expect(() => sealer.open(box, other)).toThrow(BoxWillNotOpen);
    }
  });

  it('does not open a box in which any byte was changed', () => {
    const box = sealer.seal(new Secret('value'), owner);

    for (const field of ['wrappedKey', 'sealed'] as const) {
      const bytes = Buffer.from(box[field], 'base64');
      for (let at = 0; at < bytes.length; at++) {
        const changed = Buffer.from(bytes);
        changed[at] = bytes[at]! ^ 1;
        expect(() => sealer.open({ ...box, [field]: changed.toString('base64') }, owner)).toThrow(BoxWillNotOpen);
      }
    }
  });

  it('keeps why a box does not open, and nothing of what is in it', () => {
    const canary = 'canary-of-the-box';
    const box = sealer.seal(new Secret(canary), owner);
    const failures = [
      [box, ['another']],
      [{ ...box, sealed: 'AAAA' }, owner],
    ] as const;

    for (const [failing, whose] of failures) {
      let thrown: unknown;
      try {
        sealer.open(failing, whose);
      } catch (error) {
        thrown = error;
      }
      expect((thrown as Error).cause).toMatchObject({
        message: expect.stringMatching(/authenticate|too short/) as string,
      });
      const words = inspect(thrown, { depth: null });
      for (const secret of [canary, first.material.reveal(), box.sealed]) expect(words).not.toContain(secret);
    }
  });

  it('opens with an older key of the ring, seals with the first', () => {
    const box = sealer.seal(new Secret('value'), owner);
    const rotated = new Sealer(new KeyRing([second, first]));

    expect(rotated.open(box, owner).reveal()).toBe('value');
    expect(rotated.seal(new Secret('value'), owner).masterKeyId).toBe('k2');
  });

  it('names the key that a box needs when the ring has lost it', () => {
    const box = sealer.seal(new Secret('value'), owner);

    expect(() => new Sealer(new KeyRing([second])).open(box, owner)).toThrow(new MasterKeyMissing('k1'));
  });

  it('never gives the same box twice', () => {
    const boxes = Array.from({ length: 50 }, () => sealer.seal(new Secret('value'), owner));

    expect(new Set(boxes.map((box) => box.sealed)).size).toBe(50);
    expect(new Set(boxes.map((box) => box.wrappedKey)).size).toBe(50);
  });
});
