import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { SilentLog } from '#libs/logging';
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

  it('wraps what is stored together with one key, whatever becomes of the ring meanwhile', () => {
    const rings = [[first], [second, first], [second]];
    let reads = 0;
    const turning = KeyRing.following({ read: () => rings[reads++ % rings.length]! }, new SilentLog());
    for (let turn = 0; turn < rings.length; turn += 1) {
      const boxes = new Sealer(turning).sealTogether([
        { secret: new Secret('id'), owner },
        { secret: new Secret('key'), owner },
      ]);
      expect(boxes[0].masterKeyId).toBe(boxes[1].masterKeyId);
    }
  });
});

describe('Sealer.rewrap', () => {
  const [first, second, third] = [masterKey('k1'), masterKey('k2'), masterKey('k3')];
  const owner = ['ten_1', 'acc_1', 'secretKey', '1'];
  const before = new Sealer(new KeyRing([first]));
  const between = new Sealer(new KeyRing([second, first]));
  const after = new Sealer(new KeyRing([second]));

  it('moves a box to the current key, so that it opens without the old one, and leaves the sealed value as it is', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const box = before.seal(new Secret(value), owner);
        const moved = between.rewrap(box, owner);

        expect(moved).toMatchObject({ masterKeyId: 'k2', sealed: box.sealed });
        expect(moved.wrappedKey).not.toBe(box.wrappedKey);
        expect(after.open(moved, owner).reveal()).toBe(value);
        expect(() => before.open(moved, owner)).toThrow(new MasterKeyMissing('k2'));
      }),
    );
  });

  it('gives a box of the current key back as it is', () => {
    const box = before.seal(new Secret('value'), owner);

    expect(before.rewrap(box, owner)).toBe(box);
  });

  it('does without the value: it re-wraps though the value is gone', () => {
    const box = { ...before.seal(new Secret('value'), owner), sealed: 'nothing that could be opened' };

    expect(between.rewrap(box, owner)).toMatchObject({ masterKeyId: 'k2', sealed: box.sealed });
  });

  it('refuses the box of another owner, one that was changed, and one whose key it lacks', () => {
    const box = before.seal(new Secret('value'), owner);

    expect(() => between.rewrap(box, ['ten_2', 'acc_1', 'secretKey', '1'])).toThrow(BoxWillNotOpen);
    expect(() => between.rewrap({ ...box, wrappedKey: box.sealed }, owner)).toThrow(BoxWillNotOpen);
    expect(() => new Sealer(new KeyRing([third, second])).rewrap(box, owner)).toThrow(new MasterKeyMissing('k1'));
  });

  it('does not open under the name of another key, though the ring has both', () => {
    const moved = between.rewrap(before.seal(new Secret('value'), owner), owner);

    expect(() => between.open({ ...moved, masterKeyId: 'k1' }, owner)).toThrow(BoxWillNotOpen);
  });
});

describe('A sealed box', () => {
  const [first, second] = [masterKey('k1'), masterKey('k2')];
  const sealer = new Sealer(new KeyRing([first, second]));
  const other = new Sealer(new KeyRing([second, first]));
  const part = fc.oneof(fc.string(), fc.constantFrom('ten_1', 'acc_1', 'secretId', 'secretKey', '1', '2', '11', ''));
  const owners = fc.array(part, { maxLength: 5 });

  it('opens for no other tenant, account, field or version, before and after it was re-wrapped', () => {
    let moves = 0;
    fc.assert(
      fc.property(owners, owners, (owner, thief) => {
        fc.pre(JSON.stringify(owner) !== JSON.stringify(thief));
        const box = sealer.seal(new Secret('value'), owner);
        for (const each of [box, other.rewrap(box, owner)]) {
          expect(other.open(each, owner).reveal()).toBe('value');
          expect(() => other.open(each, thief)).toThrow(BoxWillNotOpen);
          moves += 1;
        }
      }),
      { numRuns: 1000 },
    );
    expect(moves).toBe(2000);
  });

  it('is of no use in parts: the value of one with the data key of another does not open', () => {
    const owner = ['ten_1', 'acc_1', 'secretKey', '1'];
    const [one, next] = [sealer.seal(new Secret('one'), owner), sealer.seal(new Secret('next'), owner)];

    expect(() => sealer.open({ ...one, wrappedKey: next.wrappedKey }, owner)).toThrow(BoxWillNotOpen);
    expect(() => sealer.open({ ...one, sealed: next.sealed }, owner)).toThrow(BoxWillNotOpen);
  });
});
