import { setTimeout as sleep } from 'node:timers/promises';
import { CloudClient, Endpoints } from '#libs/cloud';
import { Secret } from '#libs/secret';
import { newInstanceId } from '../../support/image-requests.js';
import type { TestAccount } from '../../support/whole-service.js';

const PREFIX = 'stranger-';

export function isOfStranger(imageName: string | null): boolean {
  return imageName?.startsWith(PREFIX) ?? false;
}

/** Somebody else who uses the same sub-account, evenly, and repeats nothing. Returns once he has left. */
export async function visit(
  cvmEndpoint: string,
  { secretId, secretKey }: TestAccount,
  { callsPerSecond, forMs }: { readonly callsPerSecond: number; readonly forMs: number },
): Promise<void> {
  const cloud = new CloudClient({ endpoints: new Endpoints({ cvmEndpoint, stsEndpoint: null }), timeoutMs: 30_000 });
  const credential = { secretId: new Secret(secretId), secretKey: new Secret(secretKey), token: null };
  const target = { credential, credentialVersion: 1, site: 'intl' as const, region: 'ap-guangzhou' };
  const began = performance.now();
  const calls: Promise<unknown>[] = [];
  for (let n = 0; (n * 1000) / callsPerSecond < forMs; n += 1) {
    await sleep(Math.max(0, began + (n * 1000) / callsPerSecond - performance.now()));
    calls.push(cloud.createImage(target, orderNamed(`${PREFIX}${process.pid}-${n}`), `${PREFIX}${n}`));
  }
  await Promise.all(calls);
  cloud.close();
}

function orderNamed(imageName: string) {
  return {
    imageName,
    instanceId: newInstanceId(),
    snapshotIds: [],
    dataDiskIds: [],
    imageDescription: null,
    forcePoweroff: false,
    sysprep: false,
    dryRun: false,
    tags: [],
    imageFamily: null,
  };
}
