import type { Actor } from '#libs/audit';
import type { TenantId } from '#libs/ids';

/** Who is calling, on whose behalf, and in which HTTP request: what every act of a tenant is bound to and audited with. */
export interface Caller {
  readonly tenantId: TenantId;
  readonly actor: Actor;
  readonly requestId: string;
}
