import { isActionName, serviceOf, SERVICE_VERSIONS, type ActionName } from '../actions/action-names.js';
import { ApiError } from '../api-error.js';
import type { Cloud } from '../cloud.js';
import { limitedUserId, type Caller } from '../state/accounts.js';
import { limitExceededMessage, type ArrivalVerdict } from './arrival-limiter.js';
import { authenticate } from './authentication.js';
import type { IncomingCall } from './incoming-call.js';
import { assertRegionServed } from './regions.js';
import { parseParameters } from './request-body.js';

export interface AdmittedCall {
  action: ActionName;
  caller: Caller;
  region: string;
  parameters: Record<string, unknown>;
}

/**
 * Counts the call on arrival, under the user whose key it names. Null when it names no known key or action, for then
 * there is nothing to count it against. A call whose signature later proves wrong has been counted all the same.
 */
export function countArrival(cloud: Cloud, call: IncomingCall, atMs: number): ArrivalVerdict | null {
  const key = cloud.accounts.find(call.authorization?.secretId ?? '');
  if (!key || call.action === null || !isActionName(call.action)) return null;
  const bucket = [call.host, key.caller.uin, limitedUserId(key.caller), call.action].join('|');
  return cloud.limiter.arrive(bucket, cloud.behaviour.limits[call.action], atMs);
}

/** Everything that must be right before an action runs. The first thing that is not is thrown with its code. */
export function admit(cloud: Cloud, call: IncomingCall, body: Buffer, arrival: ArrivalVerdict | null): AdmittedCall {
  assertProtocol(call);
  const action = readAction(call);
  const caller = authenticate(call, body, cloud.accounts, cloud.clock.wallMs());
  if (arrival && !arrival.admitted) throw new ApiError('RequestLimitExceeded', limitExceededMessage(arrival));

  const region = requiredHeader(call.region, 'X-TC-Region');
  assertRegionServed(region, call.host);
  return { action, caller, region, parameters: parseParameters(body) };
}

function assertProtocol(call: IncomingCall): void {
  if (call.method !== 'POST') throw new ApiError('UnsupportedProtocol', 'The simulator takes POST requests only.');
  if (call.path !== '/') throw new ApiError('InvalidRequest', 'The path of a request must be `/`.');
  if (!/^application\/json\s*(;|$)/i.test(call.contentType)) {
    throw new ApiError('InvalidRequest', 'The simulator takes `Content-Type: application/json` only.');
  }
}

function readAction(call: IncomingCall): ActionName {
  const action = requiredHeader(call.action, 'X-TC-Action');
  const version = requiredHeader(call.version, 'X-TC-Version');
  requiredHeader(call.timestamp, 'X-TC-Timestamp');
  requiredHeader(call.authorizationHeader, 'Authorization');

  if (!Object.values<string>(SERVICE_VERSIONS).includes(version)) {
    throw new ApiError('NoSuchVersion', `The API version \`${version}\` does not exist.`);
  }
  if (!isActionName(action) || SERVICE_VERSIONS[serviceOf(action)] !== version) {
    throw new ApiError('InvalidAction', `The API \`${action}\` of version \`${version}\` is invalid or not found.`);
  }
  return action;
}

function requiredHeader(value: string | null, name: string): string {
  if (value) return value;
  throw new ApiError('MissingParameter', `The request is missing a required parameter \`${name}\`.`);
}
