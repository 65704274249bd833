import { sql } from 'kysely';
import type { AccountId } from '#libs/ids';
import type { Caller } from '#libs/tenants';
import { VerificationStore } from './verification.store.js';
import { AccountStack, ALICE, refusal } from '../../../test/support/account-stack.js';

const HOUR_MS = 3_600_000;

describe('The daily verification', () => {
  let stack: AccountStack;
  let caller: Caller;

  beforeEach(async () => {
    stack = await AccountStack.start();
    caller = await stack.newCaller();
  });
  afterEach(() => stack.stop());

  const sweep = () => stack.daily.sweep(new AbortController().signal);
  const callsOf = async (id: AccountId): Promise<number> =>
    (await stack.actionsOf(caller, id)).filter((action) => action.startsWith('sts.GetCallerIdentity')).length;

  it('asks about each active account a day after the cloud last told of it, with every step on record', async () => {
    const id = await stack.newAccount(caller);
    stack.clock.advance(23 * HOUR_MS);
    expect(await sweep()).toMatchObject({ known: 0, rejected: 0 });
    stack.clock.advance(HOUR_MS);

    expect(await sweep()).toEqual({ known: 1, rejected: 0, unavailable: 0, faulty: 0 });
    expect(await sweep()).toMatchObject({ known: 0 });
    expect((await stack.actionsOf(caller, id)).slice(3)).toEqual([
      'credential.open success',
      'sts.GetCallerIdentity success',
    ]);
    stack.clock.advance(24 * HOUR_MS);
    expect(await sweep()).toMatchObject({ known: 1 });
  });

  it('leaves disabled and deleted accounts alone', async () => {
    const [disabled, deleted] = [await stack.newAccount(caller), await stack.newAccount(caller)];
    await stack.accounts.patch(caller, disabled, { status: 'disabled' });
    await stack.accounts.delete(caller, deleted, async () => false);
    stack.clock.advance(25 * HOUR_MS);

    expect(await sweep()).toMatchObject({ known: 0 });
    await stack.accounts.patch(caller, disabled, { status: 'active' });
    expect(await sweep()).toMatchObject({ known: 1 });
  });

  it('marks an account, and repairs it within the hour if its key is good again', async () => {
    const id = await stack.newAccount(caller);
    stack.clock.advance(24 * HOUR_MS);
    stack.answer = refusal('AuthFailure.SecretIdNotFound');
    expect(await sweep()).toMatchObject({ rejected: 1 });
    expect(await stack.accounts.get(caller.tenantId, id)).toMatchObject({
      rejection: { code: 'AuthFailure.SecretIdNotFound' },
    });
    stack.clock.advance(HOUR_MS - 1);
    expect(await sweep()).toMatchObject({ rejected: 0 });
    stack.clock.advance(1);
    expect(await sweep()).toMatchObject({ rejected: 1 });
    stack.clock.advance(HOUR_MS);
    stack.answer = ALICE;

    expect(await sweep()).toMatchObject({ known: 1 });
    expect(await stack.accounts.get(caller.tenantId, id)).toMatchObject({ rejection: null });
    expect(await stack.eventsOf(id)).toHaveLength(1);
  });

  it('changes nothing when the cloud can tell nothing, and asks again later', async () => {
    const id = await stack.newAccount(caller);
    const { verifiedAt } = await stack.accounts.get(caller.tenantId, id);
    stack.clock.advance(24 * HOUR_MS);
    stack.answer = 'garbage';

    expect(await sweep()).toMatchObject({ unavailable: 1 });
    expect(await sweep()).toMatchObject({ unavailable: 0 });
    expect(await stack.accounts.get(caller.tenantId, id)).toMatchObject({ verifiedAt, rejection: null });
    stack.clock.advance(HOUR_MS);
    stack.answer = ALICE;
    expect(await sweep()).toMatchObject({ known: 1 });
  });

  /** In minutes from now, of the next days. */
  async function turnsIn(days: number): Promise<readonly number[]> {
    const turns: number[] = [];
    for (let step = 0; step <= 6 * 24 * days; step++) {
      if ((await sweep()).unavailable === 1) turns.push(step * 10);
      stack.clock.advance(HOUR_MS / 6);
    }
    return turns;
  }

  it('asks ever more seldom about an account of which nothing can be learned, and once a day at least', async () => {
    const id = await stack.newAccount(caller);
    // However overdue it is, it has just begun to fail.
    stack.clock.advance(30 * 24 * HOUR_MS);
    stack.answer = 'garbage';
    const turns = await turnsIn(3);

    expect(turns).toEqual([0, 10, 30, 70, 150, 310, 630, 1270, 2550, 3990]);
    expect(await callsOf(id)).toBe(1 + turns.length);
    stack.answer = ALICE;
    stack.clock.advance(24 * HOUR_MS);
    expect(await sweep()).toMatchObject({ known: 1 });
    stack.clock.advance(24 * HOUR_MS);
    stack.answer = 'garbage';
    expect((await turnsIn(1)).slice(0, 3)).toEqual([0, 10, 30]);
  });

  it('asks about a marked account once an hour at least, even when nothing can be learned', async () => {
    const id = await stack.newAccount(caller);
    stack.clock.advance(24 * HOUR_MS);
    stack.answer = refusal('AuthFailure.SecretIdNotFound');
    expect(await sweep()).toMatchObject({ rejected: 1 });
    expect(await stack.accounts.get(caller.tenantId, id)).not.toMatchObject({ rejection: null });
    stack.clock.advance(HOUR_MS);
    stack.answer = 'garbage';

    expect((await turnsIn(1)).slice(0, 7)).toEqual([0, 10, 30, 70, 130, 190, 250]);
  });

  it('gives those their turn first who are most overdue, marked or not', async () => {
    // The one that is not marked was verified longer ago, and yet is less overdue.
    const usual = await stack.newAccount(caller);
    stack.clock.advance(2 * HOUR_MS);
    const marked = await stack.newAccount(caller);
    await sql`update accounts set rejected_at = now(), rejected_code = 'x' where id = ${marked}`.execute(
      stack.database.postgres.db,
    );
    stack.clock.advance(24 * HOUR_MS);
    const turns = { everyMs: 24 * HOUR_MS, markedEveryMs: HOUR_MS };
    const claim = async () => {
      const { db } = stack.database.postgres;
      const share = { turns, claimMs: HOUR_MS, limit: 1 };
      const [account] = await new VerificationStore().claim(db, share, stack.clock.now());
      return account?.id;
    };

    expect([await claim(), await claim(), await claim()]).toEqual([marked, usual, undefined]);
  });

  it('asks once about each account, however many sweepers there are, and of many only a few at a time', async () => {
    const ids = await Promise.all(Array.from({ length: 25 }, () => stack.newAccount(caller)));
    stack.clock.advance(24 * HOUR_MS);

    const swept = await Promise.all([sweep(), sweep(), sweep()]);
    expect(Math.max(...swept.map(({ known }) => known))).toBeLessThanOrEqual(10);
    expect(swept.reduce((sum, { known }) => sum + known, 0)).toBe(25);
    for (const id of ids) expect(await callsOf(id)).toBe(2);
  });

  it('is not kept from the others by a credential that does not open', async () => {
    const [broken, good] = [await stack.newAccount(caller), await stack.newAccount(caller)];
    await sql`
      update credentials set box = (select box from credentials where account_id = ${good}) where account_id = ${broken}
    `.execute(stack.database.postgres.db);
    stack.clock.advance(24 * HOUR_MS);

    expect(await sweep()).toMatchObject({ known: 1, faulty: 1 });
    expect(await callsOf(good)).toBe(2);
  });
});
