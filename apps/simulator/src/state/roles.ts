import { randomBytes } from 'node:crypto';

import type { Caller, SecretKey } from './accounts.js';

export interface Role {
  /** `qcs::cam::uin/<uin>:roleName/<name>`. */
  roleArn: string;
  roleId: string;
  /** The account that owns the role: calls made with it act on this account's images. */
  uin: string;
  /** The account whose users may assume it. */
  trustedUin: string;
  /** When set, a caller must name exactly this one, or one of these. */
  externalId: string | string[] | null;
}

export class Roles {
  private readonly roles = new Map<string, Role>();

  put(role: Role): Role {
    this.roles.set(role.roleArn, role);
    return role;
  }

  /** By its name, or as `qcs::cam::uin/<uin>:role/<roleId>`. */
  find(roleArn: string): Role | undefined {
    return (
      this.roles.get(roleArn) ?? this.all().find(({ uin, roleId }) => roleArn === `qcs::cam::uin/${uin}:role/${roleId}`)
    );
  }

  all(): Role[] {
    return [...this.roles.values()];
  }
}

/** A key that signs as the role until it expires. Random, not seeded: secrets must not repeat from run to run. */
export function temporaryKey(role: Role, by: Caller, sessionName: string, expiresAtWallMs: number): SecretKey {
  return {
    caller: {
      uin: role.uin,
      userId: `${role.roleId}:${sessionName}`,
      secretId: `AKID${randomBytes(24).toString('base64url')}`,
      arn: `qcs::sts:${role.uin}:assumed-role/${role.roleId}`,
      principalId: by.userId,
      type: 'CAMRole',
    },
    secretKey: randomBytes(24).toString('base64url'),
    disabled: false,
    session: { token: randomBytes(96).toString('base64url'), expiresAtWallMs },
  };
}
