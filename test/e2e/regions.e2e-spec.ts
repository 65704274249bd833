import { fileURLToPath } from 'node:url';
import { stopAllProcesses } from '#libs/testing';
import { ended, newImageName, newInstanceId } from '../support/image-requests.js';
import { createAccount, startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

/** The regions of the CreateImage page that the site's general host serves. */
const REGIONS = [
  'ap-bangkok',
  'ap-beijing',
  'ap-chengdu',
  'ap-chongqing',
  'ap-guangzhou',
  'ap-hongkong',
  'ap-jakarta',
  'ap-nanjing',
  'ap-seoul',
  'ap-shanghai',
  'ap-singapore',
  'ap-tokyo',
  'eu-frankfurt',
  'na-ashburn',
  'na-siliconvalley',
  'sa-saopaulo',
];
const FINANCE_REGIONS = ['ap-shanghai-fsi', 'ap-shenzhen-fsi'];

describe('a region', () => {
  let service: WholeService;
  let tenant: TestTenant;

  beforeAll(async () => {
    const preload = fileURLToPath(new URL('../support/cloud-hosts-on-loopback.mjs', import.meta.url));
    service = await startWholeService({
      settings: (simulatorUrl) => ({
        CVM_ENDPOINT: '',
        STS_ENDPOINT: '',
        NODE_OPTIONS: `--import=${preload}`,
        CLOUD_ON_LOOPBACK: new URL(simulatorUrl).port,
      }),
    });
    tenant = await service.createTenant('regions');
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await stopAllProcesses();
  }, 60_000);

  const expected = (site: string, region: string): string =>
    site === 'china' || FINANCE_REGIONS.includes(region)
      ? `cvm.${region}.tencentcloudapi.com`
      : 'cvm.intl.tencentcloudapi.com';

  it.each(['intl', 'china'])('is served by its own host on the %s site, all 18 of them', async (site) => {
    const account = await createAccount(tenant.api, service.simulator, { site });
    const regions = [...REGIONS, ...FINANCE_REGIONS];
    const accepted = await Promise.all(
      regions.map((region) =>
        tenant.api.created<{ id: string }>('/v1/image-requests', {
          accountId: account.id,
          region,
          imageName: newImageName(),
          instanceId: newInstanceId(),
        }),
      ),
    );
    const requests = await Promise.all(accepted.map(({ id }) => ended(tenant.api, id)));
    const calls = await service.simulator.calls({ action: 'CreateImage', uin: account.uin });

    expect(requests.map((request) => [request.region, request.status])).toEqual(
      regions.map((region) => [region, 'succeeded']),
    );
    expect(new Map(calls.map((call) => [call.region, call.host]))).toEqual(
      new Map(regions.map((region) => [region, expected(site, region)])),
    );
    const [identity] = await service.simulator.calls({ action: 'GetCallerIdentity', uin: account.uin });
    expect(identity?.host).toBe(site === 'china' ? 'sts.tencentcloudapi.com' : 'sts.intl.tencentcloudapi.com');
  });
});
