/** What tests say to the simulator beside the cloud API; `docs/simulator.md` explains each part. */

export interface SubAccount {
  uin: string;
  userId: string;
  secretId: string;
  secretKey: string;
  instances?: 'any' | { instanceId: string; region?: string; state?: string; dataDiskIds?: string[] }[];
  dataDisks?: 'any' | { diskId: string; instanceId: string; kind?: 'CLOUD' | 'ROOT' | 'LOCAL' | 'SWAP' }[];
  snapshots?:
    'any' | { snapshotId: string; type: 'SYSTEM_DISK' | 'DATA_DISK'; region?: string; state?: 'NORMAL' | 'CREATING' }[];
  /** By instance id; null takes the state back. */
  instanceStates?: Record<string, string | null>;
}

export interface SimulatorRole {
  roleArn: string;
  trustedUin: string;
  externalId?: string | readonly string[] | null;
  roleId?: string;
}

export type SimulatorFault =
  | { kind: 'error' | 'error-after'; code: string; message?: string }
  | { kind: 'reset-before' | 'reset-after' | 'truncated' | 'garbage' | 'empty' | 'no-response-key' | 'create-failed' }
  | { kind: 'hang-before' | 'hang-after'; ms?: number }
  | { kind: 'delay'; ms: number }
  | { kind: 'delay'; minMs: number; maxMs: number }
  | { kind: 'bad-gateway'; after?: boolean }
  | { kind: 'invisible'; ms: number }
  | { kind: 'redirect'; location: string; status?: number };

export interface SimulatorFaultRule {
  match?: { action?: string; imageName?: string; instanceId?: string; host?: string; secretId?: string; uin?: string };
  times?: number;
  share?: number;
  skip?: number;
  effect: SimulatorFault;
}

export interface SimulatorCall {
  n: number;
  at: string;
  arrivedAtMs: number;
  host: string;
  action: string | null;
  version: string | null;
  region: string | null;
  uin: string | null;
  userId: string | null;
  secretId: string | null;
  traceId: string | null;
  imageName: string | null;
  parameters: Record<string, unknown> | null;
  rateLimited: boolean;
  processed: boolean;
  code: string | null;
  requestId: string;
  imageId: string | null;
  fault: string | null;
}

export interface SimulatorImage {
  imageId: string;
  uin: string;
  region: string;
  name: string;
  instanceId: string | null;
  state: string;
  visible: boolean;
  /** As DescribeImages shows it. */
  image: Record<string, unknown>;
}

export interface SimulatorSettings {
  imageDurationMs: number;
  visibilityDelayMs: number;
  imageQuota: number;
  limits: Record<string, number>;
  dryRunForm: 'error' | 'success';
  enforceUniqueNames: boolean;
  clockSkewMs: number;
  latencyMs: { min: number; max: number };
  chunked: boolean;
  temporaryKeyDurationMs: number | null;
}

/** By action, then by `host|uin|userId`. */
export type ArrivalCounts = Record<string, Record<string, number>>;

export interface SimulatorStats {
  calls: Record<string, number>;
  rejected: Record<string, number>;
  codes: Record<string, number>;
  faults: Record<string, number>;
  maxArrivalsInAnySecond: ArrivalCounts;
  maxAdmittedInAnySecond: ArrivalCounts;
  namesCreatedTwice: { uin: string; region: string; name: string; imageIds: string[] }[];
  images: { total: number; byState: Record<string, number> };
}

/** A temporary key, with its secrets. */
export interface SimulatorSession {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token: string;
  readonly expiresAtMs: number;
}

/** Speaks the simulator's control API. Every refusal becomes an error with the simulator's own words. */
export class SimulatorControl {
  constructor(private readonly simulatorUrl: string) {}

  health(): Promise<{ status: string; seed: number }> {
    return this.call('GET', 'health');
  }

  reset(): Promise<void> {
    return this.call('POST', 'reset');
  }

  addSubAccount(account: SubAccount): Promise<void> {
    return this.call('POST', 'sub-accounts', account);
  }

  changeSubAccount(
    secretId: string,
    change: Partial<Omit<SubAccount, 'uin' | 'userId' | 'secretId'>> & { disabled?: boolean },
  ): Promise<void> {
    return this.call('PATCH', `sub-accounts/${encodeURIComponent(secretId)}`, change);
  }

  addRole(role: SimulatorRole): Promise<SimulatorRole & { uin: string; roleId: string }> {
    return this.call('POST', 'roles', role);
  }

  /** Every temporary key that was given out, expired or not. */
  async sessions(): Promise<readonly SimulatorSession[]> {
    return (await this.call<{ data: SimulatorSession[] }>('GET', 'sessions')).data;
  }

  /** Temporary keys that were given out are no good from now on; says how many. */
  async endSessions(roleArn?: string): Promise<number> {
    const path = `sessions${query({ roleArn })}`;
    return (await this.call<{ ended: number }>('DELETE', path)).ended;
  }

  async addFaults(...rules: SimulatorFaultRule[]): Promise<{ id: number }[]> {
    return (await this.call<{ data: { id: number }[] }>('POST', 'faults', rules)).data;
  }

  async faults(): Promise<(SimulatorFaultRule & { id: number; seen: number; fired: number })[]> {
    return (
      await this.call<{ data: (SimulatorFaultRule & { id: number; seen: number; fired: number })[] }>('GET', 'faults')
    ).data;
  }

  clearFaults(): Promise<void> {
    return this.call('DELETE', 'faults');
  }

  async calls(filter: { action?: string; uin?: string; since?: number | string } = {}): Promise<SimulatorCall[]> {
    return (await this.call<{ data: SimulatorCall[] }>('GET', `calls${query(filter)}`)).data;
  }

  clearCalls(): Promise<void> {
    return this.call('DELETE', 'calls');
  }

  async images(filter: { uin?: string; region?: string; name?: string } = {}): Promise<SimulatorImage[]> {
    return (await this.call<{ data: SimulatorImage[] }>('GET', `images${query(filter)}`)).data;
  }

  /** Null gives the image back to the clock. */
  forceImageState(imageId: string, state: string | null): Promise<SimulatorImage> {
    return this.call('PATCH', `images/${imageId}`, { state });
  }

  clearImages(): Promise<void> {
    return this.call('DELETE', 'images');
  }

  settings(): Promise<SimulatorSettings> {
    return this.call('GET', 'settings');
  }

  changeSettings(
    change: Partial<Omit<SimulatorSettings, 'limits'>> & { limits?: Record<string, number> },
  ): Promise<SimulatorSettings> {
    return this.call('PATCH', 'settings', change);
  }

  stats(): Promise<SimulatorStats> {
    return this.call('GET', 'stats');
  }

  private async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.simulatorUrl}/_control/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} /_control/${path}: ${answer.status} ${text.trim()}`);
    return JSON.parse(text) as T;
  }
}

function query(filter: Record<string, string | number | undefined>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) parameters.set(name, String(value));
  return parameters.size === 0 ? '' : `?${parameters}`;
}
