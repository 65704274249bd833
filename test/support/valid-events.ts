import type { EventType, NewEvent } from '#libs/events';
import type { AccountId, TenantId } from '#libs/ids';
import { EVENT_EXAMPLES } from '../../apps/gateway/src/docs/event-examples.js';

/** Whose event it is. One of an account's can't be without it; the others belong to the tenant alone. */
export interface EventOwner {
  readonly tenantId: TenantId;
  readonly accountId: AccountId;
}

/**
 * An event of any type that satisfies its schema: the documented example, of this owner, about this
 * object, with changes to it.
 */
export function validEvent(
  type: EventType,
  { tenantId, accountId }: EventOwner,
  subject: string,
  changes: object = {},
): NewEvent {
  const data = Object.fromEntries(
    Object.entries(EVENT_EXAMPLES[type].data).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'object' && value !== null ? { ...value, id: subject, ...changes } : value,
    ]),
  );
  const isOfAccount = !type.startsWith('webhook_endpoint.');
  return { tenantId, accountId: isOfAccount ? accountId : null, type, subject, data };
}
