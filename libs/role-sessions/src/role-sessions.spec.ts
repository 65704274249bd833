import { inspect } from 'node:util';
import { systemActor } from '#libs/audit';
import { ManualClock } from '#libs/clock';
import type { TemporaryCredential } from '#libs/cloud';
import { newId } from '#libs/ids';
import { SilentLog } from '#libs/logging';
import { Secret } from '#libs/secret';
import { waitFor } from '#libs/testing';
import type { Assumption } from './assumption.js';
import { type AccountRole, RoleSessions } from './role-sessions.js';

const LIFE_MS = 1_000_000;
const REFUSED: Assumption = {
  kind: 'refused',
  askedAt: new Date(0),
  code: 'UnauthorizedOperation',
  message: 'no',
  requestId: 'r-1',
};
const UNAVAILABLE: Assumption = { kind: 'unavailable', cause: 'no full answer within 30000 ms' };

const role: AccountRole = {
  tenantId: newId('ten'),
  accountId: newId('acc'),
  credentialVersion: 1,
  site: 'intl',
  roleArn: 'qcs::cam::uin/1:roleName/images',
  externalId: '0123456789abcdef',
  actor: systemActor('spec'),
  requestId: null,
};

describe('RoleSessions', () => {
  let clock: ManualClock;
  let sessions: RoleSessions;
  /** The calls of STS under way, first come first. */
  let calls: { readonly role: AccountRole; readonly answer: PromiseWithResolvers<Assumption> }[];
  let made: number;

  beforeEach(() => {
    clock = new ManualClock();
    calls = [];
    made = 0;
    const assume = (asked: AccountRole): Promise<Assumption> => {
      made++;
      const answer = Promise.withResolvers<Assumption>();
      calls.push({ role: asked, answer });
      return answer.promise;
    };
    sessions = new RoleSessions(assume, clock, new SilentLog());
  });

  const sessionOf = (lifeMs = LIFE_MS): Assumption => {
    const part = (name: string): Secret => new Secret(`${name}-${made}`);
    const credential: TemporaryCredential = {
      secretId: part('id'),
      secretKey: part('key'),
      token: part('token'),
      expiresAt: new Date(clock.now().getTime() + lifeMs),
    };
    return { kind: 'assumed', credential };
  };
  const answerNext = (assumption: Assumption): void => calls.shift()?.answer.resolve(assumption);
  const open = async (): Promise<string> => {
    const assumption = await sessions.open(role);
    return assumption.kind === 'assumed' ? assumption.credential.token.reveal() : assumption.kind;
  };
  const openNew = async (assumption?: Assumption): Promise<string> => {
    const opened = open();
    answerNext(assumption ?? sessionOf());
    return opened;
  };

  it('make one call of STS for any number of callers, and none while the session is young', async () => {
    const burst = Array.from({ length: 200 }, open);
    answerNext(sessionOf());

    expect(new Set(await Promise.all(burst))).toEqual(new Set(['token-1']));
    clock.advance(LIFE_MS * 0.8 - 1);
    expect(new Set(await Promise.all(Array.from({ length: 200 }, open)))).toEqual(new Set(['token-1']));
    expect(made).toBe(1);
  });

  it('make one call for a burst that comes right after the end', async () => {
    await openNew();
    clock.advance(LIFE_MS);
    const burst = Array.from({ length: 200 }, open);
    answerNext(sessionOf());

    expect(new Set(await Promise.all(burst))).toEqual(new Set(['token-2']));
    expect(made).toBe(2);
  });

  it('are fetched anew after 80 % of their life, while callers go on with the old one', async () => {
    await openNew();
    clock.advance(LIFE_MS * 0.8);

    expect(await Promise.all([open(), open(), open()])).toEqual(['token-1', 'token-1', 'token-1']);
    expect(made).toBe(2);
    answerNext(sessionOf());
    await waitFor(async () => (await open()) === 'token-2');
    expect(made).toBe(2);
  });

  it('are not handed out in the last tenth of their life if there is another to be had', async () => {
    await openNew();
    clock.advance(LIFE_MS * 0.9);
    const opened = open();
    answerNext(sessionOf());

    expect(await opened).toBe('token-2');
  });

  it.each([
    ['the cloud says nothing', UNAVAILABLE],
    ['the call cannot be written down', null],
  ])('are used to their end when %s', async (_what, failure) => {
    await openNew();
    for (const part of [0.8, 0.1, 0.09]) {
      clock.advance(LIFE_MS * part);
      const opened = open();
      if (failure === null) calls.shift()?.answer.reject(new Error('the database is gone'));
      else answerNext(failure);
      expect(await opened).toBe('token-1');
      await waitFor(() => sessions.size === 1 && calls.length === 0);
    }
    clock.advance(LIFE_MS * 0.01);
    expect(await openNew()).toBe('token-5');
  });

  it('ask some ten times for the next one at most, however many callers there are', async () => {
    await openNew();
    clock.advance(LIFE_MS * 0.8);
    for (let stepped = 0; stepped < 199; stepped++) {
      const opened = Array.from({ length: 5 }, open);
      answerNext(UNAVAILABLE);
      expect(new Set(await Promise.all(opened))).toEqual(new Set(['token-1']));
      clock.advance(LIFE_MS * 0.001);
    }
    expect(made).toBeGreaterThan(5);
    expect(made).toBeLessThanOrEqual(1 + 10);
  });

  it('are used no more once the cloud does not lend the role', async () => {
    await openNew();
    clock.advance(LIFE_MS * 0.8);
    expect(await openNew(REFUSED)).toBe('token-1');
    await waitFor(() => sessions.size === 0);

    expect(await openNew(REFUSED)).toBe('refused');
  });

  it('tell a refusal at once to those who wait for the next one', async () => {
    await openNew();
    clock.advance(LIFE_MS * 0.9);

    expect(await openNew(REFUSED)).toBe('refused');
    expect(sessions.size).toBe(0);
  });

  it('keep no failure: all who wait for the call get it, and the next caller asks again', async () => {
    for (const failure of [REFUSED, UNAVAILABLE]) {
      const waiting = [sessions.open(role), sessions.open(role), sessions.open(role)];
      answerNext(failure);
      expect(await Promise.all(waiting)).toEqual([failure, failure, failure]);
    }
    const waiting = [sessions.open(role), sessions.open(role)];
    calls.shift()?.answer.reject(new Error('the database is gone'));
    expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(sessions.size).toBe(0);

    expect(await openNew()).toBe('token-4');
    expect(made).toBe(4);
  });

  it('are dropped once the cloud does not take them, but not the one that came in their place', async () => {
    const first = sessionOf();
    await openNew(first);
    if (first.kind !== 'assumed') throw new Error('no session');
    sessions.drop(role, first.credential);
    expect(sessions.latest(role)).toBeNull();

    expect(await openNew()).toBe('token-2');
    sessions.drop(role, first.credential);
    expect(await open()).toBe('token-2');
    expect(made).toBe(2);
  });

  it('belong to one account', async () => {
    await openNew();
    const other = sessions.open({ ...role, accountId: newId('acc') });
    answerNext(REFUSED);

    expect(await other).toBe(REFUSED);
    expect(await open()).toBe('token-1');
  });

  it('are of the newest version of the credential; what is left of an older one is not kept', async () => {
    await openNew();
    const late = sessions.open({ ...role, credentialVersion: 2 });
    const rotated = sessions.open({ ...role, credentialVersion: 3 });
    answerNext(sessionOf());
    answerNext(sessionOf());
    await Promise.all([late, rotated]);
    expect(sessions.latest(role)).toBeNull();
    expect(sessions.latest({ ...role, credentialVersion: 2 })).toBeNull();
    expect(sessions.size).toBe(1);

    expect(await openNew()).toBe('token-4');
    expect(sessions.latest(role)).toBeNull();
    expect(sessions.latest({ ...role, credentialVersion: 3 })).not.toBeNull();
  });

  it('are forgotten when their time is over, though nobody asks for them again', async () => {
    await openNew(sessionOf(40));
    expect(sessions.size).toBe(1);

    await waitFor(() => sessions.size === 0);
  });

  it('live no longer than was asked for, however far the clock of the cloud is ahead', async () => {
    await openNew(sessionOf(100 * 3_600_000));
    clock.advance(7_200_000);

    expect(sessions.latest(role)).toBeNull();
  });

  it('show nothing of their secrets', async () => {
    await openNew();

    expect(inspect(sessions, { depth: 9 })).not.toMatch(/(?:id|key|token)-1/);
    expect(JSON.stringify(sessions.latest(role))).not.toMatch(/(?:id|key|token)-1/);
  });
});
