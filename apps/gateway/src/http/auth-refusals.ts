import type { OnApplicationShutdown } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { AuditStore, NewAuditEntry } from '#libs/audit';
import type { Clock } from '#libs/clock';
import type { ApiKeyId } from '#libs/ids';
import type { Log } from '#libs/logging';
import type { Postgres } from '#libs/postgres';
import type { ApiKey, Scope } from '#libs/tenants';
import { addressBlock } from './address-block.js';
import { type Folded, RefusalFold } from './refusal-fold.js';
import { keptPathOf, userAgentOf } from './request-origin.js';

/** Who was refused, as far as that is known, and why. */
export interface AuthRefusal {
  readonly reason: string;
  /** Null where the key is not known. */
  readonly apiKey: Pick<ApiKey, 'id' | 'name' | 'tenantId'> | 'admin' | null;
  /** The scope that was lacking. */
  readonly scope?: Scope;
}

const TELL_EVERY_MS = 5000;

/**
 * Writes refused keys into the audit log: the tenant's where the key is one of its own, else the operators'. Each of the
 * first twenty refusals of an address and key in a minute has an entry of its own. Those beyond have one together when
 * the minute is over or the process ends: it tells of the last one, and `detail.folded` is for how many it stands.
 */
export class AuthRefusals implements OnApplicationShutdown {
  private readonly fold = new RefusalFold<NewAuditEntry>();
  private readonly timer: NodeJS.Timeout;
  private telling: Promise<void> = Promise.resolve();

  constructor(
    private readonly postgres: Postgres,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.timer = setInterval(() => this.tell(this.fold.takeClosed(this.clock.now())), TELL_EVERY_MS).unref();
  }

  async record(request: FastifyRequest, refusal: AuthRefusal): Promise<void> {
    const at = this.clock.now();
    const entry = entryOf(request, refusal);
    const party = `${addressBlock(request.ip)} ${idOf(refusal) ?? ''}`;
    if (!this.fold.admit(party, entry, at)) return;
    try {
      await this.append(entry, at);
    } catch (error) {
      this.fold.readmit(party);
      throw error;
    }
  }

  /** Called once the last request is answered, and before the database is closed. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.telling;
    this.tell(this.fold.takeAll());
    await this.telling;
  }

  /** One batch after the other, so that the end of the process can wait for all of them. */
  private tell(folded: readonly Folded<NewAuditEntry>[]): void {
    if (folded.length > 0) this.telling = this.telling.then(() => this.write(folded));
  }

  private async write(folded: readonly Folded<NewAuditEntry>[]): Promise<void> {
    const at = this.clock.now();
    try {
      await this.postgres.asSystem(async (tx) => {
        for (const { count, last } of folded)
          await this.audit.append(tx, { ...last, detail: { ...last.detail, folded: count } }, at);
      });
    } catch (error) {
      this.fold.putBack(folded);
      this.log.warn({ event: 'refusals.not_told', entries: folded.length, error });
    }
  }

  private async append(entry: NewAuditEntry, at: Date): Promise<void> {
    const { tenantId } = entry;
    if (tenantId === null) await this.postgres.asSystem((tx) => this.audit.append(tx, entry, at));
    else await this.postgres.asTenant(tenantId, (tx) => this.audit.append(tx, entry, at));
  }
}

function idOf({ apiKey }: AuthRefusal): ApiKeyId | 'admin' | null {
  return apiKey === 'admin' ? apiKey : (apiKey?.id ?? null);
}

function entryOf(request: FastifyRequest, refusal: AuthRefusal): NewAuditEntry {
  const { apiKey, reason, scope } = refusal;
  const id = idOf(refusal);
  const tenantsKey = apiKey === 'admin' ? null : apiKey;
  return {
    tenantId: tenantsKey?.tenantId ?? null,
    accountId: null,
    actor: {
      type: 'api_key',
      id,
      name: tenantsKey?.name ?? id ?? 'unknown',
      ip: request.ip,
      userAgent: userAgentOf(request),
    },
    action: 'auth.refused',
    target: { type: 'api_key', id },
    outcome: 'failure',
    requestId: request.id,
    upstream: null,
    detail: {
      reason,
      method: request.method,
      path: keptPathOf(request),
      ...(scope === undefined ? {} : { requiredScope: scope }),
    },
  };
}
