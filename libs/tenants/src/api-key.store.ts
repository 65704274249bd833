import { type QueryExecutorProvider, sql } from 'kysely';
import type { ApiKeyId, TenantId } from '#libs/ids';
import type { Db, SystemDb, Tx } from '#libs/postgres';
import type { ApiKey } from './api-key.js';
import type { TenantScope } from './scope.js';
import type { TenantStatus } from './tenant.js';

type ApiKeyTables = {
  api_keys: {
    id: ApiKeyId;
    tenant_id: TenantId;
    name: string;
    scopes: TenantScope[];
    prefix: string;
    hash: Buffer;
    created_at: Date;
    expires_at: Date | null;
    revoked_at: Date | null;
    last_used_at: Date | null;
  };
};

type ApiKeyRow = Omit<ApiKeyTables['api_keys'], 'hash'>;
type HeldKeyRow = ApiKeyRow & { tenant_name: string; tenant_status: TenantStatus };

/** A key and what must be known of its tenant to let it in. */
export interface HeldKey {
  readonly apiKey: ApiKey;
  readonly tenantName: string;
  readonly tenantStatus: TenantStatus;
}

const COLUMNS = [
  'id',
  'tenant_id',
  'name',
  'scopes',
  'prefix',
  'created_at',
  'expires_at',
  'revoked_at',
  'last_used_at',
] as const;

/** The api_keys table. The hash goes in and is compared there; it never comes out. */
export class ApiKeyStore {
  async insert(tx: Tx, apiKey: ApiKey, hash: Buffer): Promise<void> {
    await tx
      .$extendTables<ApiKeyTables>()
      .insertInto('api_keys')
      .values({
        id: apiKey.id,
        tenant_id: apiKey.tenantId,
        name: apiKey.name,
        scopes: [...apiKey.scopes],
        prefix: apiKey.prefix,
        hash,
        created_at: apiKey.createdAt,
        expires_at: apiKey.expiresAt,
        revoked_at: apiKey.revokedAt,
        last_used_at: apiKey.lastUsedAt,
      })
      .execute();
  }

  /**
   * Revoked and expired ones too: whoever asks says why a key is refused. Asks a function of the database, for nobody
   * knows yet whose rows may be read.
   */
  async findByHash(anyone: QueryExecutorProvider, hash: Buffer): Promise<HeldKey | null> {
    const { rows } = await sql<HeldKeyRow>`select * from held_api_key(${hash})`.execute(anyone);
    const [row] = rows;
    return row === undefined ? null : heldKeyOf(row);
  }

  /** Newest first, from behind `after`, without those that are revoked. */
  async list(
    db: Db,
    tenantId: TenantId,
    filter: { readonly prefix?: string },
    page: { readonly after: ApiKeyId | null; readonly limit: number },
  ): Promise<readonly ApiKey[]> {
    let query = db
      .$extendTables<ApiKeyTables>()
      .selectFrom('api_keys')
      .select(COLUMNS)
      .where('tenant_id', '=', tenantId)
      .where('revoked_at', 'is', null);
    if (filter.prefix !== undefined) query = query.where('prefix', '=', filter.prefix);
    if (page.after !== null) query = query.where('id', '<', page.after);
    return (await query.orderBy('id', 'desc').limit(page.limit).execute()).map(apiKeyOf);
  }

  /** Of the given keys those that there are, each with its tenant. */
  async findByIds(db: SystemDb, ids: readonly ApiKeyId[]): Promise<readonly HeldKey[]> {
    const columns = COLUMNS.map((name) => sql.ref(`k.${name}`));
    const { rows } = await sql<HeldKeyRow>`
      select ${sql.join(columns)}, t.name as tenant_name, t.status as tenant_status
      from api_keys as k join tenants as t on t.id = k.tenant_id
      where k.id = any(${ids})
    `.execute(db);
    return rows.map(heldKeyOf);
  }

  /** Null when the tenant has no such key, or none that is still in force. */
  async revoke(tx: Tx, tenantId: TenantId, id: ApiKeyId, at: Date): Promise<ApiKey | null> {
    const row = await tx
      .$extendTables<ApiKeyTables>()
      .updateTable('api_keys')
      .set({ revoked_at: at })
      .where('id', '=', id)
      .where('tenant_id', '=', tenantId)
      .where('revoked_at', 'is', null)
      .returning(COLUMNS)
      .executeTakeFirst();
    return row === undefined ? null : apiKeyOf(row);
  }

  /** Writes only when the last use was noted before `unlessSince`, so a busy key costs no write for each call. */
  async noteUse(db: Db, tenantId: TenantId, id: ApiKeyId, at: Date, unlessSince: Date): Promise<void> {
    await db
      .$extendTables<ApiKeyTables>()
      .updateTable('api_keys')
      .set({ last_used_at: at })
      .where('id', '=', id)
      .where('tenant_id', '=', tenantId)
      .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<', unlessSince)]))
      .execute();
  }
}

function heldKeyOf(row: HeldKeyRow): HeldKey {
  return { apiKey: apiKeyOf(row), tenantName: row.tenant_name, tenantStatus: row.tenant_status };
}

function apiKeyOf(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    scopes: row.scopes,
    prefix: row.prefix,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  };
}
