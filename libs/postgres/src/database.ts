import type { Kysely, Transaction } from 'kysely';

/** A database without tables: each store widens it to its own (`tx.$extendTables<…>()`) and can name no other's. */
// oxlint-disable-next-line typescript/no-empty-object-type
export type NoTables = {};
export type Database = Kysely<NoTables>;
export type Tx = Transaction<NoTables>;
/** What a read-only method of a store accepts: the pool or an open transaction. */
export type Db = Database | Tx;

declare const ALL_TENANTS: unique symbol;
interface OverAllTenants {
  readonly [ALL_TENANTS]: true;
}
/** What a method of a store asks for that is not bound to one tenant: nobody who acts as a tenant can call it. */
export type SystemTx = Tx & OverAllTenants;
export type SystemDb = (Database & OverAllTenants) | SystemTx;
