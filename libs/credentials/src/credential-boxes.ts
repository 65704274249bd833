import { type AuditStore, type NewAuditEntry, systemActor } from '#libs/audit';
import type { Clock } from '#libs/clock';
import type { AccountId } from '#libs/ids';
import type { SystemPostgres, SystemTx } from '#libs/postgres';
import {
  type BoxRow,
  type BoxTable,
  pagesInOrder,
  type PlacedPage,
  rewrapEach,
  type RewrappedPage,
  type Sealer,
} from '#libs/sealing';
import { boxOwner } from './box-owner.js';
import type { BoxedCredential, CredentialStore, Rewrapped, StaticBox } from './credential.store.js';

/** The credentials, for whoever rotates the master key: who acts is the service, and each account's log tells of it. */
export class CredentialBoxes implements BoxTable {
  readonly name = 'credentials';

  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: CredentialStore,
    private readonly sealer: Sealer,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
  ) {}

  async countByKey(): Promise<ReadonlyMap<string, number>> {
    return this.store.countByMasterKey(this.postgres.db);
  }

  async rowsOfOtherKeys(keyIds: readonly string[]): Promise<readonly BoxRow[]> {
    const rows = await this.store.listOfOtherKeys(this.postgres.db, keyIds);
    return rows.map((row) => ({ name: nameOf(row), masterKeyId: row.masterKeyId }));
  }

  rewrap(keyIds: readonly string[], limit: number): AsyncIterable<RewrappedPage> {
    return pagesInOrder<AccountId>((after) =>
      this.postgres.transaction((tx) => this.rewrapPage(tx, keyIds, { after, limit })),
    );
  }

  private async rewrapPage(
    tx: SystemTx,
    keyIds: readonly string[],
    page: { readonly after: AccountId | null; readonly limit: number },
  ): Promise<PlacedPage<AccountId>> {
    const locked = await this.store.lockWrappedBy(tx, keyIds, page);
    const { rewrapped, refused } = rewrapEach(locked, (before) => this.rewrapped(before), rowOf);
    if ((await this.store.replaceWraps(tx, rewrapped)) !== rewrapped.length)
      throw new Error('a locked credential was changed by somebody else');
    await this.audit.appendAll(tx, rewrapped.map(entryOf), this.clock.now());
    const last = locked.length < page.limit ? null : (locked.at(-1)?.accountId ?? null);
    return { rewrapped: rewrapped.length, refused, last };
  }

  private rewrapped(before: BoxedCredential): StaticBox {
    return {
      secretId: this.sealer.rewrap(before.box.secretId, boxOwner(before, 'secretId')),
      secretKey: this.sealer.rewrap(before.box.secretKey, boxOwner(before, 'secretKey')),
    };
  }
}

function rowOf(credential: BoxedCredential): BoxRow {
  return { name: nameOf(credential), masterKeyId: credential.box.secretKey.masterKeyId };
}

function nameOf({ accountId, version }: { readonly accountId: AccountId; readonly version: number }): string {
  return `${accountId} (version ${version})`;
}

function entryOf({ before, box }: Rewrapped): NewAuditEntry {
  const { tenantId, accountId, type, version } = before;
  return {
    tenantId,
    accountId,
    actor: systemActor('keys:rotate'),
    action: 'credential.rewrap',
    target: { type: 'credential', id: accountId },
    outcome: 'success',
    requestId: null,
    upstream: null,
    detail: { type, version, fromKey: before.box.secretKey.masterKeyId, toKey: box.secretKey.masterKeyId },
  };
}
