import type { AppError } from '#libs/errors';
import { InvalidApiKey, type KeyRefusal, TenantSuspended } from '#libs/tenants';

/** What the holder of a key that opens nothing is answered. */
export function refusalFor(reason: KeyRefusal): AppError {
  return reason === 'tenant_suspended' ? new TenantSuspended('the tenant is suspended') : new InvalidApiKey(reason);
}
