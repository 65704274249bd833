import type { Account } from '#libs/accounts';
import type { CloudTarget } from '#libs/cloud';
import type { Credentials } from '#libs/credentials';

/** Opens an account's credential for the call that is about to be signed; nothing keeps it afterwards. */
export class CloudAccess {
  constructor(private readonly credentials: Credentials) {}

  async targetOf(account: Account, region: string): Promise<CloudTarget> {
    const credential = await this.credentials.open(account.tenantId, account.id);
    if (credential.type !== 'static') throw new Error(`the credential of ${account.id} cannot sign a call`);
    const { secretId, secretKey, version } = credential;
    return { credential: { secretId, secretKey, token: null }, credentialVersion: version, site: account.site, region };
  }
}
