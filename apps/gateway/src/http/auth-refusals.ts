import type { FastifyRequest } from 'fastify';
import type { AuditStore } from '#libs/audit';
import type { Clock } from '#libs/clock';
import type { ApiKeyId, TenantId } from '#libs/ids';
import type { Postgres } from '#libs/postgres';
import type { Scope } from '#libs/tenants';
import { pathOf } from './request-origin.js';

/** Who was refused, as far as that is known, and why. */
export interface AuthRefusal {
  readonly reason: string;
  readonly tenantId: TenantId | null;
  readonly apiKeyId: ApiKeyId | 'admin' | null;
  /** The scope that was lacking. */
  readonly scope?: Scope;
}

/** Writes every refused key into the audit log: the tenant's where the key is one of its own, else the operators'. */
export class AuthRefusals {
  constructor(
    private readonly postgres: Postgres,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
  ) {}

  async record(request: FastifyRequest, refusal: AuthRefusal): Promise<void> {
    const { tenantId, apiKeyId, reason, scope } = refusal;
    const route = { method: request.method, path: pathOf(request) };
    await this.postgres.transaction((tx) =>
      this.audit.append(
        tx,
        {
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
          detail: { reason, ...route, ...(scope === undefined ? {} : { requiredScope: scope }) },
        },
        this.clock.now(),
      ),
    );
  }
}
