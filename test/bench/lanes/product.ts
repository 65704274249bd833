import { startWholeService, type TestTenant, type WholeService } from '../../support/whole-service.js';
import { prepareJudge } from './judge.js';
import { type StartedTransit, startTransit } from './transit/start-transit.js';

/** The defaults of the product where the end-to-end tests have others; see docs/configuration.md. */
const DEFAULTS = {
  TRACK_INTERVAL_MS: '5000',
  RETRY_BASE_MS: '5000',
  RESEND_FENCE_MS: '330000',
  UPSTREAM_TIMEOUT_MS: '30000',
};

/** The product as it ships, one gateway and its workers, with the judge at the far end of a road. */
export interface Product {
  readonly service: WholeService;
  readonly transit: StartedTransit;
  readonly tenant: TestTenant;
  /** Sets how long a message is under way at most, and how long a call takes. */
  setOut(conditions: { readonly jitterMs: number; readonly callMs: number }): Promise<void>;
  stop(): Promise<void>;
}

export async function startProduct(settings: Readonly<Record<string, string>>, workers: number): Promise<Product> {
  const transit = await startTransit();
  const service = await startWholeService({
    workers,
    settings: { ...DEFAULTS, CVM_ENDPOINT: transit.url, ...settings },
  });
  const tenant = await service.createTenant('bench');
  return {
    service,
    transit,
    tenant,
    setOut: async ({ jitterMs, callMs }) => {
      await prepareJudge(service.simulator, callMs);
      await transit.lead(service.simulatorUrl, jitterMs);
    },
    stop: async () => {
      await service.stop();
      await transit.stop();
    },
  };
}
