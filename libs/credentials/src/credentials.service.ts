import type { Clock } from '#libs/clock';
import type { AccountId, TenantId } from '#libs/ids';
import type { Db, Postgres, Tx } from '#libs/postgres';
import { BoxWillNotOpen, MasterKeyMissing, type Sealer } from '#libs/sealing';
import type { Secret } from '#libs/secret';
import { boxOwner } from './box-owner.js';
import { type CredentialSummary, hintOf, type KeptCredential, type OpenCredential } from './credential.js';
import type { CredentialStore, SealedCredential, StaticBox } from './credential.store.js';
import { CredentialMissing, CredentialUnopenable } from './credentials.errors.js';

/**
 * The accounts' sealed credentials. Every box is bound to its tenant, account, field and version, so none of them opens
 * anywhere but in its own row. Whoever changes or uses a credential audits that in the same transaction.
 */
export class Credentials {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: CredentialStore,
    private readonly sealer: Sealer,
    private readonly clock: Clock,
  ) {}

  async create(tx: Tx, tenantId: TenantId, accountId: AccountId, kept: KeptCredential): Promise<CredentialSummary> {
    const sealed = this.seal(tenantId, accountId, kept, 1);
    await this.store.insert(tx, sealed);
    return sealed;
  }

  /** Rotates: the version grows by one, and the secret before it is gone with its data key. */
  async replace(tx: Tx, tenantId: TenantId, accountId: AccountId, kept: KeptCredential): Promise<CredentialSummary> {
    const before = await this.store.findForUpdate(tx, tenantId, accountId);
    if (before === null) throw new CredentialMissing(accountId);
    const sealed = this.seal(tenantId, accountId, kept, before.version + 1);
    await this.store.replace(tx, sealed);
    return sealed;
  }

  async destroy(tx: Tx, tenantId: TenantId, accountId: AccountId): Promise<void> {
    await this.store.delete(tx, tenantId, accountId);
  }

  /**
   * For the one call that is about to be signed. Throws `CredentialUnopenable` when the box was changed or moved, or its
   * master key is gone.
   */
  async open(tenantId: TenantId, accountId: AccountId): Promise<OpenCredential> {
    const sealed = await this.postgres.asTenant(tenantId, (tx) => this.store.find(tx, tenantId, accountId));
    if (sealed === null) throw new CredentialMissing(accountId);
    const { box, version, roleArn, externalId } = sealed;
    if (box !== null) {
      return {
        type: 'static',
        version,
        secretId: this.openBox(sealed, box, 'secretId'),
        secretKey: this.openBox(sealed, box, 'secretKey'),
      };
    }
    if (roleArn === null || externalId === null)
      throw new Error(`the credential of ${accountId} is neither key nor role`);
    return { type: 'assumeRole', version, roleArn, externalId };
  }

  /** What may be shown of the credentials of some accounts; an account without one is not in the map. */
  async summaries(
    db: Db,
    tenantId: TenantId,
    accountIds: readonly AccountId[],
  ): Promise<ReadonlyMap<AccountId, CredentialSummary>> {
    return this.store.summaries(db, tenantId, accountIds);
  }

  private openBox(sealed: SealedCredential, box: StaticBox, field: keyof StaticBox): Secret {
    try {
      return this.sealer.open(box[field], boxOwner(sealed, field));
    } catch (error) {
      throw isSealingFault(error) ? new CredentialUnopenable(sealed.tenantId, sealed.accountId, error) : error;
    }
  }

  /** A role has nothing to seal: what signs for it is the platform's. */
  private seal(tenantId: TenantId, accountId: AccountId, kept: KeptCredential, version: number): SealedCredential {
    const bound = { tenantId, accountId, version, rotatedAt: this.clock.now() };
    if (kept.type === 'assumeRole') {
      const { type, roleArn, externalId } = kept;
      return { ...bound, type, secretIdHint: null, roleArn, externalId, box: null };
    }
    const [secretId, secretKey] = this.sealer.sealTogether([
      { secret: kept.secretId, owner: boxOwner(bound, 'secretId') },
      { secret: kept.secretKey, owner: boxOwner(bound, 'secretKey') },
    ]);
    return {
      ...bound,
      type: kept.type,
      secretIdHint: hintOf(kept.secretId),
      roleArn: null,
      externalId: null,
      box: { secretId, secretKey },
    };
  }
}

function isSealingFault(error: unknown): error is BoxWillNotOpen | MasterKeyMissing {
  return error instanceof BoxWillNotOpen || error instanceof MasterKeyMissing;
}
