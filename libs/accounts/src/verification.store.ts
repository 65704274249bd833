import { sql } from 'kysely';
import type { SystemDb } from '#libs/postgres';
import type { Account } from './account.js';
import { accountOf, type AccountTables } from './account.tables.js';

/** How long after the cloud last told of a credential it is asked again. */
export interface VerificationTurns {
  readonly everyMs: number;
  /** Of accounts that are marked. */
  readonly markedEveryMs: number;
}

/** Which accounts are to be verified. */
export class VerificationStore {
  /**
   * Active accounts, whosever, whose turn has come, most overdue first. Nobody else gets them for `claimMs`; any number may
   * claim at once.
   */
  async claim(
    db: SystemDb,
    share: { readonly turns: VerificationTurns; readonly claimMs: number; readonly limit: number },
    now: Date,
  ): Promise<readonly Account[]> {
    const { turns, claimMs, limit } = share;
    const before = (agoMs: number) => new Date(now.getTime() - agoMs);
    const rows = await db
      .$extendTables<AccountTables>()
      .with('due', (cte) =>
        cte
          .selectFrom('accounts')
          .select('id')
          .where('status', '=', 'active')
          .where('deleted_at', 'is', null)
          .where((eb) =>
            eb.or([
              eb('verified_at', '<=', before(turns.everyMs)),
              eb.and([eb('rejected_at', 'is not', null), eb('verified_at', '<=', before(turns.markedEveryMs))]),
            ]),
          )
          .where((eb) => eb.or([eb('verify_not_before', 'is', null), eb('verify_not_before', '<=', now)]))
          .orderBy(sql`verified_at + ${intervalOf(turns)}`)
          .limit(limit)
          .forNoKeyUpdate()
          .skipLocked(),
      )
      .updateTable('accounts')
      .from('due')
      .set({ verify_not_before: new Date(now.getTime() + claimMs) })
      .whereRef('accounts.id', '=', 'due.id')
      .returningAll('accounts')
      .execute();
    return rows.map(accountOf);
  }

  /**
   * Nothing was learned: the account has its next turn after a pause that doubles each time, from `firstMs` up to what it
   * is between its turns in any case. Changes nothing when the cloud has told of it meanwhile.
   */
  async postpone(
    db: SystemDb,
    claimed: Account,
    { turns, firstMs }: { readonly turns: VerificationTurns; readonly firstMs: number },
    now: Date,
  ): Promise<void> {
    const pause = sql`least(${intervalOf(turns)}, ${milliseconds(firstMs)} * power(2, least(verify_failures, 20)))`;
    await db
      .$extendTables<AccountTables>()
      .updateTable('accounts')
      .set({
        verify_not_before: sql<Date>`${now}::timestamptz + ${pause}`,
        verify_failures: sql<number>`verify_failures + 1`,
      })
      .where('id', '=', claimed.id)
      // The database is finer than a Date.
      .where('verified_at', '<', new Date(claimed.verifiedAt.getTime() + 1))
      .execute();
  }
}

function intervalOf({ everyMs, markedEveryMs }: VerificationTurns) {
  return sql`case when rejected_at is null then ${milliseconds(everyMs)} else ${milliseconds(markedEveryMs)} end`;
}

function milliseconds(count: number) {
  return sql`(${count}::double precision * interval '1 millisecond')`;
}
