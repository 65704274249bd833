import { ApiError } from '../api-error.js';
import { cloudTime } from '../clock.js';
import type { Caller } from '../state/accounts.js';
import { temporaryKey, type Role } from '../state/roles.js';
import type { ActionCall } from './action.js';
import { readParameters, required } from './parameters.js';

const SESSION_NAME = /^[\w+=,.@-]{2,128}$/;
const EXTERNAL_ID = /^[\w+=,.@:/-]{2,128}$/;
const ROLE_ARN = /^qcs::cam::uin\/\d+:(?:roleName|role)\/(?:[\w-]+\/)?[\w+=,.@-]{1,128}$/;
const DURATION_SECONDS_DEFAULT = 7200;
const DURATION_SECONDS_MAX = 43_200;

/** Gives out a temporary key only to a user of the trusted account who also knows the role's external id, where it has one. */
export function assumeRole({ cloud, caller, parameters }: ActionCall): Record<string, unknown> {
  const given = readParameters(parameters, {
    RoleArn: 'string',
    RoleSessionName: 'string',
    DurationSeconds: 'integer',
    Policy: 'string',
    ExternalId: 'string',
    Tags: 'object[]',
    SourceIdentity: 'string',
  });
  const roleArn = required(given.RoleArn, 'RoleArn');
  const sessionName = required(given.RoleSessionName, 'RoleSessionName');
  const { DurationSeconds: durationSeconds = DURATION_SECONDS_DEFAULT } = given;
  if (!ROLE_ARN.test(roleArn)) throw new ApiError('InvalidParameter.ParamError', '`RoleArn` is not valid.');
  if (!SESSION_NAME.test(sessionName))
    throw new ApiError('InvalidParameter.ParamError', '`RoleSessionName` is not valid.');
  if (given.ExternalId !== undefined && !EXTERNAL_ID.test(given.ExternalId))
    throw new ApiError('InvalidParameter.ParamError', '`ExternalId` is not valid.');
  if (durationSeconds < 1 || durationSeconds > DURATION_SECONDS_MAX) {
    throw new ApiError(
      'InvalidParameter.OverTimeError',
      `\`DurationSeconds\` must lie between 1 and ${DURATION_SECONDS_MAX}.`,
    );
  }

  const role = cloud.roles.find(roleArn);
  if (!role) throw new ApiError('ResourceNotFound.RoleNotFound', `The role \`${roleArn}\` does not exist.`);
  assertTrusted(role, caller, given.ExternalId);

  const nowMs = cloud.clock.wallMs();
  const lifeMs = cloud.behaviour.temporaryKeyDurationMs ?? durationSeconds * 1000;
  const key = cloud.accounts.put(temporaryKey(role, caller, sessionName, nowMs + lifeMs));
  return {
    Credentials: { TmpSecretId: key.caller.secretId, TmpSecretKey: key.secretKey, Token: key.session?.token },
    ExpiredTime: Math.floor((nowMs + lifeMs) / 1000),
    Expiration: cloudTime(nowMs + lifeMs),
  };
}

function assertTrusted(role: Role, caller: Caller, externalId: string | undefined): void {
  if (caller.uin === role.trustedUin && isAskedFor(role, externalId)) return;
  throw new ApiError(
    'UnauthorizedOperation',
    `You are not authorized to perform operation (sts:AssumeRole) on resource (${role.roleArn}).`,
  );
}

function isAskedFor({ externalId: wanted }: Role, externalId: string | undefined): boolean {
  if (wanted === null) return true;
  return externalId !== undefined && (Array.isArray(wanted) ? wanted.includes(externalId) : wanted === externalId);
}
