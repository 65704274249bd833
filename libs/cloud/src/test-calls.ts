import { Secret } from '#libs/secret';
import type { CloudTarget } from './cloud-client.js';
import type { CreateImageCall } from './create-image-call.js';

/** For tests: what nobody may find in an outcome. */
export const SECRET_ID = 'AKIDtestsecretid0123456789';
export const SECRET_KEY = 'testsecretkey0123456789';
export const TOKEN = 'testtoken0123456789';

export function targetOf(changes: Partial<CloudTarget> = {}): CloudTarget {
  const credential = { secretId: new Secret(SECRET_ID), secretKey: new Secret(SECRET_KEY), token: new Secret(TOKEN) };
  return { credential, credentialVersion: 1, site: 'intl', region: 'ap-singapore', ...changes };
}

export function callOf(changes: Partial<CreateImageCall> = {}): CreateImageCall {
  return {
    imageName: 'web-2026-01-01',
    instanceId: 'ins-1a2b3c4d',
    snapshotIds: [],
    dataDiskIds: [],
    imageDescription: null,
    forcePoweroff: false,
    sysprep: false,
    dryRun: false,
    tags: [],
    imageFamily: null,
    ...changes,
  };
}
