import type { AccountId, TenantId } from '#libs/ids';
import type { BoxOwner } from '#libs/sealing';
import type { StaticBox } from './credential.store.js';

/** What each half of a credential is bound to: in any other row, field or version it does not open. */
export function boxOwner(
  bound: { readonly tenantId: TenantId; readonly accountId: AccountId; readonly version: number },
  field: keyof StaticBox,
): BoxOwner {
  return [bound.tenantId, bound.accountId, field, String(bound.version)];
}
