import type { Actor } from '#libs/audit';
import type { TenantId } from '#libs/ids';

/** Who acts, and in which HTTP request: what every audit entry names. An operator has no more than this. */
export interface Acting {
  readonly actor: Actor;
  readonly requestId: string;
}

/** Who is calling, on whose behalf, and in which HTTP request: what every act of a tenant is bound to and audited with. */
export interface Caller extends Acting {
  readonly tenantId: TenantId;
}
