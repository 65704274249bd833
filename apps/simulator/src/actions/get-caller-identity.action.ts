import type { ActionCall } from './action.js';
import { readParameters } from './parameters.js';

export function getCallerIdentity({ caller, parameters }: ActionCall): Record<string, unknown> {
  readParameters(parameters, {});
  return {
    Arn: caller.arn,
    AccountId: caller.uin,
    UserId: caller.userId,
    PrincipalId: caller.principalId,
    Type: caller.type,
  };
}
