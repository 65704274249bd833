import { fields, listOf, nullable, optional, text, type Reader } from '../json-reader.js';
import { changeInventory, readAccountChange, readAccountOrder } from '../state/account-order.js';
import { type Caller, limitedUserId, type SecretKey } from '../state/accounts.js';
import type { Role } from '../state/roles.js';
import { ControlError } from './control-error.js';
import type { ControlCall } from './control-call.js';

const oneOrMore: Reader<string | string[]> = (value, path) =>
  Array.isArray(value) ? listOf(text)(value, path) : text(value, path);

const readRole = fields({
  roleArn: text,
  uin: optional(text),
  roleId: optional(text),
  trustedUin: text,
  externalId: optional(nullable(oneOrMore), null),
});

const ROLE_ARN = /^qcs::cam::uin\/(\w+):roleName\/[\w.@+=,-]+$/;
const FIRST_ROLE_ID = 4_611_686_018_427_000_000n;

export function list({ cloud }: ControlCall): unknown {
  return { data: cloud.accounts.all().map(view) };
}

export function register({ cloud, body }: ControlCall): unknown {
  return view(cloud.register(readAccountOrder(body, 'subAccount')));
}

export function change({ cloud, id, body }: ControlCall): unknown {
  const key = cloud.accounts.find(id);
  if (!key) throw new ControlError(404, `no key has the SecretId ${id}`);
  const order = readAccountChange(body, 'subAccount');
  key.disabled = order.disabled ?? key.disabled;
  key.secretKey = order.secretKey ?? key.secretKey;
  changeInventory(cloud.inventoryOf(key.caller.uin), order);
  return view(key);
}

export function listRoles({ cloud }: ControlCall): unknown {
  return { data: cloud.roles.all() };
}

export function registerRole({ cloud, body }: ControlCall): unknown {
  const role = readRole(body, 'role');
  const ownerUin = ROLE_ARN.exec(role.roleArn)?.[1];
  if (!ownerUin) throw new ControlError(400, 'role.roleArn must have the form qcs::cam::uin/<uin>:roleName/<name>');
  if (role.uin !== undefined && role.uin !== ownerUin)
    throw new ControlError(400, 'role.uin differs from the uin in role.roleArn');
  const roleId =
    role.roleId ?? cloud.roles.find(role.roleArn)?.roleId ?? `${FIRST_ROLE_ID + BigInt(cloud.roles.all().length)}`;
  return cloud.roles.put({ ...role, uin: ownerUin, roleId });
}

/**
 * Every temporary key with its secrets, expired or not. They are worth nothing outside of this process, and whoever looks
 * whether they leaked must know them.
 */
export function listSessions({ cloud }: ControlCall): unknown {
  return {
    data: cloud.accounts.all().flatMap((key) => {
      if (key.session === null) return [];
      const { token, expiresAtWallMs: expiresAtMs } = key.session;
      return [{ secretId: key.caller.secretId, secretKey: key.secretKey, token, expiresAtMs }];
    }),
  };
}

/** Every temporary key, or those of one role, is no good from now on: as if its time were over. */
export function endSessions({ cloud, query }: ControlCall): unknown {
  const roleArn = query.get('roleArn');
  const role = roleArn === null ? null : cloud.roles.find(roleArn);
  if (role === undefined) throw new ControlError(404, `there is no role ${roleArn}`);
  const nowMs = cloud.clock.wallMs();
  const ended = cloud.accounts
    .all()
    .flatMap(({ caller, session }) =>
      session !== null && session.expiresAtWallMs > nowMs && (role === null || isOfRole(caller, role)) ? [session] : [],
    );
  for (const session of ended) session.expiresAtWallMs = nowMs;
  return { ended: ended.length };
}

function isOfRole(caller: Caller, role: Role): boolean {
  return caller.uin === role.uin && limitedUserId(caller) === role.roleId;
}

/** Without the secret key. */
function view(key: SecretKey): unknown {
  const { uin, userId, secretId, type } = key.caller;
  return { uin, userId, secretId, type, disabled: key.disabled, expiresAtMs: key.session?.expiresAtWallMs ?? null };
}
