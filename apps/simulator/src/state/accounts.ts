/** Who signed a call, as the cloud sees it. */
export interface Caller {
  /** The root account. */
  uin: string;
  /** The sub-account, the root itself, or `roleId:sessionName` for an assumed role. */
  userId: string;
  secretId: string;
  arn: string;
  /** The user whose key was used, or who assumed the role. */
  principalId: string;
  type: 'RootAccount' | 'CAMUser' | 'CAMRole';
}

export interface SecretKey {
  caller: Caller;
  secretKey: string;
  disabled: boolean;
  /** Set for temporary keys only: their calls must bring this token, and bring it in time. */
  session: { token: string; expiresAtWallMs: number } | null;
}

/** Every key that may sign, by its SecretId. Several keys of one user stay one user, and so share its limits. */
export class Accounts {
  private readonly keys = new Map<string, SecretKey>();

  /** Registering a SecretId again replaces its key. */
  register(order: { uin: string; userId: string; secretId: string; secretKey: string }): SecretKey {
    const { uin, userId, secretId, secretKey } = order;
    const type = userId === uin ? 'RootAccount' : 'CAMUser';
    const arn = `qcs::cam::uin/${uin}:uin/${userId}`;
    const key = {
      caller: { uin, userId, secretId, arn, principalId: userId, type },
      secretKey,
      disabled: false,
      session: null,
    };
    return this.put(key as SecretKey);
  }

  put(key: SecretKey): SecretKey {
    this.keys.set(key.caller.secretId, key);
    return key;
  }

  find(secretId: string): SecretKey | undefined {
    return this.keys.get(secretId);
  }

  all(): SecretKey[] {
    return [...this.keys.values()];
  }
}

/**
 * The sub-account that a limit counts. All sessions of one role count together: what the cloud does is not known, and
 * this is the stricter guess.
 */
export function limitedUserId(caller: Caller): string {
  return caller.userId.split(':')[0] ?? caller.userId;
}
