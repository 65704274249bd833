import type { FastifyRequest } from 'fastify';
import type { AuditStore, NewAuditEntry } from '#libs/audit';
import type { Clock } from '#libs/clock';
import type { ApiKeyId, TenantId } from '#libs/ids';
import type { Postgres } from '#libs/postgres';
import type { Scope } from '#libs/tenants';
import { RefusalFold } from './refusal-fold.js';
import { pathOf } from './request-origin.js';

/** Who was refused, as far as that is known, and why. */
export interface AuthRefusal {
  readonly reason: string;
  readonly tenantId: TenantId | null;
  readonly apiKeyId: ApiKeyId | 'admin' | null;
  /** The scope that was lacking. */
  readonly scope?: Scope;
}

/**
 * Writes refused keys into the audit log: the tenant's where the key is one of its own, else the operators'. A key that is
 * known has an entry for each refusal; of missing and unknown keys there is one for each address and minute, and
 * `detail.folded` counts those that were left out before it.
 */
export class AuthRefusals {
  private readonly fold = new RefusalFold();

  constructor(
    private readonly postgres: Postgres,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
  ) {}

  async record(request: FastifyRequest, refusal: AuthRefusal): Promise<void> {
    const at = this.clock.now();
    if (refusal.apiKeyId !== null) return this.append(request, refusal, 0, at);

    const folded = this.fold.admit(request.ip, at);
    if (folded === null) return;
    try {
      await this.append(request, refusal, folded, at);
    } catch (error) {
      this.fold.readmit(request.ip);
      throw error;
    }
  }

  private async append(request: FastifyRequest, refusal: AuthRefusal, folded: number, at: Date): Promise<void> {
    const { tenantId, apiKeyId, reason, scope } = refusal;
    const route = { method: request.method, path: pathOf(request) };
    const entry: NewAuditEntry = {
      tenantId,
      accountId: null,
      actor: {
        type: 'api_key',
        id: apiKeyId,
        name: apiKeyId === null ? 'unknown' : apiKeyId,
        ip: request.ip,
        userAgent: request.headers['user-agent'] ?? null,
      },
      action: 'auth.refused',
      target: { type: 'api_key', id: apiKeyId },
      outcome: 'failure',
      requestId: request.id,
      upstream: null,
      detail: {
        reason,
        ...route,
        ...(scope === undefined ? {} : { requiredScope: scope }),
        ...(folded === 0 ? {} : { folded }),
      },
    };
    if (tenantId === null) await this.postgres.asSystem((tx) => this.audit.append(tx, entry, at));
    else await this.postgres.asTenant(tenantId, (tx) => this.audit.append(tx, entry, at));
  }
}
