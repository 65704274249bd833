import { type AuditStore, type NewAuditEntry, systemActor } from '#libs/audit';
import type { Clock } from '#libs/clock';
import type { AccountId } from '#libs/ids';
import type { SystemPostgres, SystemTx } from '#libs/postgres';
import {
  type BoxRow,
  type BoxTable,
  BoxWillNotOpen,
  pagesInOrder,
  type PlacedPage,
  type RewrappedPage,
  type Sealer,
} from '#libs/sealing';
import { boxOwner } from './box-owner.js';
import type { CredentialStore, Rewrapped, SealedCredential, StaticBox } from './credential.store.js';

type BoxedCredential = Rewrapped['before'];

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
    const locked = (await this.store.lockWrappedBy(tx, keyIds, page)).filter(isBoxed);
    const refused: BoxRow[] = [];
    const rewrapped = locked.flatMap((before) => {
      const box = this.rewrapped(before);
      if (box === null) refused.push({ name: nameOf(before), masterKeyId: before.box.secretKey.masterKeyId });
      return box === null ? [] : { before, box };
    });
    if ((await this.store.replaceWraps(tx, rewrapped)) !== rewrapped.length)
      throw new Error('a locked credential was changed by somebody else');
    await this.audit.appendAll(tx, rewrapped.map(entryOf), this.clock.now());
    const last = locked.length < page.limit ? null : (locked.at(-1)?.accountId ?? null);
    return { rewrapped: rewrapped.length, refused, last };
  }

  /** Null when either half was changed or moved. */
  private rewrapped(before: BoxedCredential): StaticBox | null {
    try {
      return {
        secretId: this.sealer.rewrap(before.box.secretId, boxOwner(before, 'secretId')),
        secretKey: this.sealer.rewrap(before.box.secretKey, boxOwner(before, 'secretKey')),
      };
    } catch (error) {
      if (error instanceof BoxWillNotOpen) return null;
      throw error;
    }
  }
}

function isBoxed(credential: SealedCredential): credential is BoxedCredential {
  return credential.box !== null;
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
