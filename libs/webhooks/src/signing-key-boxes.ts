import { type AuditStore, type NewAuditEntry, systemActor } from '#libs/audit';
import type { Clock } from '#libs/clock';
import type { SystemPostgres } from '#libs/postgres';
import { type BoxRow, type BoxTable, rewrapEach, type RewrappedPage, type Sealer } from '#libs/sealing';
import type { RewrappedSigningKey, SealedSigningKey, SigningKeyStore } from './signing-key.store.js';
import { signingKeyOwner } from './signing-keys.service.js';

/** The service's own signing keys, for whoever rotates the master key. They are a handful, and so one page. */
export class SigningKeyBoxes implements BoxTable {
  readonly name = 'webhook_signing_keys';

  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: SigningKeyStore,
    private readonly sealer: Sealer,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
  ) {}

  async countByKey(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const { box } of await this.store.list(this.postgres.db))
      counts.set(box.masterKeyId, (counts.get(box.masterKeyId) ?? 0) + 1);
    return counts;
  }

  async rowsOfOtherKeys(keyIds: readonly string[]): Promise<readonly BoxRow[]> {
    const keys = await this.store.list(this.postgres.db);
    return keys.filter(({ box }) => !keyIds.includes(box.masterKeyId)).map(rowOf);
  }

  async *rewrap(keyIds: readonly string[]): AsyncIterable<RewrappedPage> {
    yield await this.postgres.transaction(async (tx) => {
      const locked = await this.store.lockWrappedBy(tx, keyIds);
      const rewrap = (key: SealedSigningKey) => this.sealer.rewrap(key.box, signingKeyOwner(key));
      const { rewrapped, refused } = rewrapEach(locked, rewrap, rowOf);
      for (const wrap of rewrapped) await this.store.replaceWrap(tx, wrap);
      await this.audit.appendAll(tx, rewrapped.map(entryOf), this.clock.now());
      return { rewrapped: rewrapped.length, refused };
    });
  }
}

function rowOf({ id, box }: SealedSigningKey): BoxRow {
  return { name: id, masterKeyId: box.masterKeyId };
}

function entryOf({ before, box }: RewrappedSigningKey): NewAuditEntry {
  return {
    tenantId: null,
    accountId: null,
    actor: systemActor('keys:rotate'),
    action: 'webhook_signing_key.rewrap',
    target: { type: 'webhook_signing_key', id: before.id },
    outcome: 'success',
    requestId: null,
    upstream: null,
    detail: { fromKey: before.box.masterKeyId, toKey: box.masterKeyId },
  };
}
