import { ApiError } from '../api-error.js';

/** The regions that the CreateImage page names. */
const REGIONS = new Set([
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
  'ap-shanghai-fsi',
  'ap-shenzhen-fsi',
  'ap-singapore',
  'ap-tokyo',
  'eu-frankfurt',
  'na-ashburn',
  'na-siliconvalley',
  'sa-saopaulo',
]);

/**
 * Finance regions live behind hosts of their own, and those hosts serve nothing else. That is checked only when the
 * call came by a name of the real cloud: a loopback address says nothing about the access region.
 */
export function assertRegionServed(region: string, host: string): void {
  if (!REGIONS.has(region)) throw unsupported(region);
  if (!host.endsWith('.tencentcloudapi.com')) return;

  const financeRegionOfHost = host.split('.').find((label) => label.endsWith('-fsi')) ?? null;
  const financeRegion = region.endsWith('-fsi') ? region : null;
  if (financeRegionOfHost !== financeRegion) throw unsupported(region);
}

function unsupported(region: string): ApiError {
  return new ApiError('UnsupportedRegion', `The API does not support the requested region \`${region}\`.`);
}
