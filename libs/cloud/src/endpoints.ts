import type { Site } from '#libs/config';

/** Where calls go. Allowances are counted for each host, so a lane is keyed by `host`. */
export interface Endpoint {
  readonly protocol: 'http:' | 'https:';
  /** With its port, if that is not the scheme's own. */
  readonly host: string;
  readonly hostname: string;
}

/** Settings as `#libs/config` reads them: a scheme and a host, in which `{region}` may stand; null for the cloud's own hosts. */
export interface EndpointOverrides {
  readonly cvmEndpoint: string | null;
  readonly stsEndpoint: string | null;
}

/**
 * Knows which host serves which site and region. An override holds for every site and region.
 *
 * Finance regions are isolated: on both sites only the region's own host serves them, and the site's general host
 * refuses. The same rule is followed for STS, whose general hosts are one for each site.
 */
export class Endpoints {
  constructor(private readonly overrides: EndpointOverrides) {}

  cvm(site: Site, region: string): Endpoint {
    return endpointOf(this.overrides.cvmEndpoint ?? cvmHost(site, region), region);
  }

  /** `region` matters only when it is a finance region; without one the site's general host is meant. */
  sts(site: Site, region: string | null = null): Endpoint {
    return endpointOf(this.overrides.stsEndpoint ?? stsHost(site, region), region ?? STS_REGION);
  }
}

/** STS wants a region even though its answer does not depend on one. */
export const STS_REGION = 'ap-guangzhou';

export function isFinanceRegion(region: string): boolean {
  return region.endsWith('-fsi');
}

function cvmHost(site: Site, region: string): string {
  if (site === 'china' || isFinanceRegion(region)) return 'https://cvm.{region}.tencentcloudapi.com';
  return 'https://cvm.intl.tencentcloudapi.com';
}

function stsHost(site: Site, region: string | null): string {
  if (region !== null && isFinanceRegion(region)) return 'https://sts.{region}.tencentcloudapi.com';
  return site === 'china' ? 'https://sts.tencentcloudapi.com' : 'https://sts.intl.tencentcloudapi.com';
}

function endpointOf(template: string, region: string): Endpoint {
  if (!REGION.test(region)) throw new Error('a region is lower-case letters, digits and dashes');
  const { protocol, host, hostname } = new URL(template.replaceAll('{region}', region));
  if (protocol !== 'http:' && protocol !== 'https:') throw new Error('an endpoint is http or https');
  return { protocol, host, hostname };
}

/** Keeps a region from naming a host of its own: it becomes part of the host that credentials are used with. */
const REGION = /^[a-z0-9]+(-[a-z0-9]+)*$/;
