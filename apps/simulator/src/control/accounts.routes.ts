import { fields, nullable, optional, text } from '../json-reader.js';
import { changeInventory, readAccountChange, readAccountOrder } from '../state/account-order.js';
import type { SecretKey } from '../state/accounts.js';
import { ControlError } from './control-error.js';
import type { ControlCall } from './control-call.js';

const readRole = fields({
  roleArn: text,
  uin: optional(text),
  roleId: optional(text),
  trustedUin: text,
  externalId: optional(nullable(text), null),
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

/** Never shows a secret key. */
function view(key: SecretKey): unknown {
  const { uin, userId, secretId, type } = key.caller;
  return { uin, userId, secretId, type, disabled: key.disabled, expiresAtMs: key.session?.expiresAtWallMs ?? null };
}
