import type { Cloud } from '../cloud.js';
import type { Caller } from '../state/accounts.js';

/** One admitted call, on its way to be carried out. */
export interface ActionCall {
  cloud: Cloud;
  caller: Caller;
  region: string;
  requestId: string;
  parameters: Record<string, unknown>;
  /** What a fault rule does to an image that this call creates. */
  imageFault: { createFailed: boolean; invisibleMs: number | null };
}

/** Answers the fields of `Response` besides its RequestId, or throws an ApiError. Runs in one piece: no call sees half of another. */
export type Action = (call: ActionCall) => Record<string, unknown>;
