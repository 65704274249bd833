import type { Clock } from '#libs/clock';
import type { Postgres } from '#libs/postgres';
import type { ImageRequest } from './image-request.js';
import type { ImageRequestWorkStore } from './image-request-work.store.js';
import type { InstanceStore } from './instance.store.js';

/**
 * Where requests wait for an instance that another one holds; the end of that one releases the next. The holder may end
 * between the look and the write of a request that begins to wait, and then nobody would release it: so everybody who
 * has begun to wait looks once more.
 */
export class InstanceQueue {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: ImageRequestWorkStore,
    private readonly instances: InstanceStore,
    private readonly clock: Clock,
  ) {}

  /** Begins to wait. False when there is nothing to wait for after all. */
  async join(request: ImageRequest): Promise<boolean> {
    const changes = { waitingFor: 'instance', nextAttemptAt: null } as const;
    await this.postgres.asTenant(request.tenantId, (tx) => this.store.amend(tx, request, changes, this.clock.now()));
    return !(await this.leaveIfFree(request));
  }

  /** True when nobody held the instance, and the request waits for it no longer. */
  async leaveIfFree(request: ImageRequest): Promise<boolean> {
    return this.postgres.asTenant(request.tenantId, async (tx) => {
      if (await this.instances.isHeld(tx, request)) return false;
      return this.store.amend(tx, request, { waitingFor: null }, this.clock.now());
    });
  }
}
