import { CommonClient } from 'tencentcloud-sdk-nodejs-common';
import { cvm } from 'tencentcloud-sdk-nodejs-cvm';

import { startSimulator, type Simulator } from '../src/simulator.js';
import { SimulatorControl } from '../../../test/support/simulator-control.js';

export interface Credential {
  secretId: string;
  secretKey: string;
  token?: string;
}

export const ALICE = { uin: '100000000001', userId: '200000000001', secretId: 'AKIDalice', secretKey: 'alice-secret' };
export const BOB = { uin: '100000000002', userId: '200000000002', secretId: 'AKIDbob', secretKey: 'bob-secret' };

export type CvmClient = InstanceType<typeof cvm.v20170312.Client>;

/** The official client, changed in nothing but the place it calls. */
export function cvmClient(
  url: string,
  credential: Credential = ALICE,
  region = 'ap-guangzhou',
  timeoutSeconds = 5,
): CvmClient {
  return new cvm.v20170312.Client({ credential, region, profile: profile(url, timeoutSeconds) });
}

export function stsClient(url: string, credential: Credential = ALICE): CommonClient {
  const { host } = new URL(url);
  return new CommonClient(host, '2018-08-13', { credential, region: 'ap-guangzhou', profile: profile(url, 5) });
}

function profile(url: string, reqTimeout: number) {
  return { language: 'en-US' as const, httpProfile: { protocol: 'http://', endpoint: new URL(url).host, reqTimeout } };
}

export interface World {
  simulator: Simulator;
  control: SimulatorControl;
}

/** One simulator for a spec file: Alice and Bob, images that are ready at once, the same ids every time. */
export async function startWorld(): Promise<World> {
  const simulator = await startSimulator({ seed: 7, imageDurationMs: 0, accounts: [ALICE, BOB] });
  return { simulator, control: new SimulatorControl(simulator.url) };
}

/** The API code of a refused call; fails the test when the call went well or was no API refusal. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => new Error('the call went well'),
    (reason: Error & { code?: string }) => reason,
  );
  if (!('code' in error) || !error.code) throw error;
  return error.code;
}

/** What is left of a call that never became an API answer. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<{ code?: string; httpCode?: number; message: string }> {
  return call.then(
    () => Promise.reject(new Error('the call went well')),
    (reason: Error) => reason,
  );
}
