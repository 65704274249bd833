import { type QueryExecutorProvider, sql } from 'kysely';
import type { WebhookKeyId } from '#libs/ids';
import type { SystemDb, SystemTx } from '#libs/postgres';
import type { SealedBox } from '#libs/sealing';
import type { PublishedKey } from './signing-key.js';

type SigningKeyTables = {
  webhook_signing_keys: {
    id: WebhookKeyId;
    public_key: string;
    master_key_id: string;
    box: unknown;
    created_at: Date;
    signs_from: Date;
    published_until: Date | null;
  };
};

type PublishedRow = Omit<SigningKeyTables['webhook_signing_keys'], 'master_key_id' | 'box'>;

/** A key of the service with its private half, sealed. */
export interface SealedSigningKey extends PublishedKey {
  readonly box: SealedBox;
}

/** The same key, wrapped by another master key. */
export interface RewrappedSigningKey {
  readonly before: SealedSigningKey;
  readonly box: SealedBox;
}

/** The keys that the service itself signs with. They are few: one, or two while one replaces the other. */
export class SigningKeyStore {
  /** The public halves that may be used at that time, the latest to sign first. */
  async listPublished(anyone: QueryExecutorProvider, at: Date): Promise<readonly PublishedKey[]> {
    const { rows } = await sql<PublishedRow>`select * from published_webhook_keys(${at})`.execute(anyone);
    return rows.map(publishedOf);
  }

  async list(db: SystemDb): Promise<readonly SealedSigningKey[]> {
    const rows = await db
      .$extendTables<SigningKeyTables>()
      .selectFrom('webhook_signing_keys')
      .selectAll()
      .orderBy('signs_from')
      .execute();
    return rows.map(keyOf);
  }

  /** Nobody else makes a key before `tx` ends. */
  async lock(tx: SystemTx): Promise<void> {
    await sql`select pg_advisory_xact_lock(hashtext('webhook signing keys'))`.execute(tx);
  }

  async insert(tx: SystemTx, key: SealedSigningKey): Promise<void> {
    const { masterKeyId, ...box } = key.box;
    await tx
      .$extendTables<SigningKeyTables>()
      .insertInto('webhook_signing_keys')
      .values({
        id: key.id,
        public_key: key.publicKey,
        master_key_id: masterKeyId,
        box: JSON.stringify(box),
        created_at: key.createdAt,
        signs_from: key.signsFrom,
        published_until: key.publishedUntil,
      })
      .execute();
  }

  async publishUntil(tx: SystemTx, id: WebhookKeyId, until: Date): Promise<void> {
    await tx
      .$extendTables<SigningKeyTables>()
      .updateTable('webhook_signing_keys')
      .set({ published_until: until })
      .where('id', '=', id)
      .execute();
  }

  async destroyAll(tx: SystemTx): Promise<void> {
    await tx.$extendTables<SigningKeyTables>().deleteFrom('webhook_signing_keys').execute();
  }

  /** Those that are no longer published by then, unless somebody is just changing them. */
  async destroyUnpublished(db: SystemDb, by: Date): Promise<number> {
    const { numDeletedRows } = await db
      .$extendTables<SigningKeyTables>()
      .deleteFrom('webhook_signing_keys')
      .where('id', 'in', (query) =>
        query
          .selectFrom('webhook_signing_keys')
          .select('id')
          .where('published_until', '<=', by)
          .forUpdate()
          .skipLocked(),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  }

  /** Those that one of these master keys wraps. Nobody else changes them before `tx` ends. */
  async lockWrappedBy(tx: SystemTx, masterKeyIds: readonly string[]): Promise<readonly SealedSigningKey[]> {
    const rows = await tx
      .$extendTables<SigningKeyTables>()
      .selectFrom('webhook_signing_keys')
      .selectAll()
      .where('master_key_id', 'in', masterKeyIds)
      .orderBy('id')
      .forUpdate()
      .skipLocked()
      .execute();
    return rows.map(keyOf);
  }

  async replaceWrap(tx: SystemTx, { before, box: { masterKeyId, ...box } }: RewrappedSigningKey): Promise<void> {
    await tx
      .$extendTables<SigningKeyTables>()
      .updateTable('webhook_signing_keys')
      .set({ master_key_id: masterKeyId, box: JSON.stringify(box) })
      .where('id', '=', before.id)
      .execute();
  }
}

function keyOf(row: SigningKeyTables['webhook_signing_keys']): SealedSigningKey {
  return {
    ...publishedOf(row),
    box: { masterKeyId: row.master_key_id, ...(row.box as Omit<SealedBox, 'masterKeyId'>) },
  };
}

function publishedOf(row: PublishedRow): PublishedKey {
  return {
    id: row.id,
    publicKey: row.public_key,
    createdAt: row.created_at,
    signsFrom: row.signs_from,
    publishedUntil: row.published_until,
  };
}
