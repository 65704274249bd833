import { type AuditStore, type NewAuditEntry, systemActor } from '#libs/audit';
import type { Clock } from '#libs/clock';
import type { SystemPostgres, SystemTx } from '#libs/postgres';
import {
  type BoxRow,
  type BoxTable,
  pagesInOrder,
  type PlacedPage,
  rewrapEach,
  type RewrappedPage,
  type SealedBox,
  type Sealer,
} from '#libs/sealing';
import { boxOwner } from './endpoint-secrets.js';
import type { OwnedSecret, RewrappedSecret, SecretPlace, WebhookSecretStore } from './webhook-secret.store.js';

/** The signing secrets, for whoever rotates the master key: who acts is the service, and each tenant's log tells of it. */
export class WebhookSecretBoxes implements BoxTable {
  readonly name = 'webhook_secrets';

  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: WebhookSecretStore,
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
    return pagesInOrder<SecretPlace>((after) =>
      this.postgres.transaction((tx) => this.rewrapPage(tx, keyIds, { after, limit })),
    );
  }

  private async rewrapPage(
    tx: SystemTx,
    keyIds: readonly string[],
    page: { readonly after: SecretPlace | null; readonly limit: number },
  ): Promise<PlacedPage<SecretPlace>> {
    const locked = await this.store.lockWrappedBy(tx, keyIds, page);
    const { rewrapped, refused } = rewrapEach(locked, (before) => this.rewrapped(before), rowOf);
    if ((await this.store.replaceWraps(tx, rewrapped)) !== rewrapped.length)
      throw new Error('a locked signing secret was changed by somebody else');
    await this.audit.appendAll(tx, rewrapped.map(entryOf), this.clock.now());
    const last = locked.length < page.limit ? null : (locked.at(-1) ?? null);
    return { rewrapped: rewrapped.length, refused, last };
  }

  private rewrapped({ tenantId, endpointId, version, box }: OwnedSecret): SealedBox {
    return this.sealer.rewrap(box, boxOwner({ tenantId, id: endpointId }, version));
  }
}

function rowOf(secret: OwnedSecret): BoxRow {
  return { name: nameOf(secret), masterKeyId: secret.box.masterKeyId };
}

function nameOf({ endpointId, version }: SecretPlace): string {
  return `${endpointId} (version ${version})`;
}

function entryOf({ before, box }: RewrappedSecret): NewAuditEntry {
  return {
    tenantId: before.tenantId,
    accountId: null,
    actor: systemActor('keys:rotate'),
    action: 'webhook_endpoint.rewrap_secret',
    target: { type: 'webhook_endpoint', id: before.endpointId },
    outcome: 'success',
    requestId: null,
    upstream: null,
    detail: { version: before.version, fromKey: before.box.masterKeyId, toKey: box.masterKeyId },
  };
}
