import { refusalOf } from '../../test/refusal.js';
import { assertRegionServed } from './regions.js';

describe('assertRegionServed', () => {
  it.each([
    ['ap-guangzhou', 'cvm.tencentcloudapi.com'],
    ['ap-guangzhou', 'cvm.ap-guangzhou.tencentcloudapi.com'],
    ['ap-shanghai-fsi', 'cvm.ap-shanghai-fsi.tencentcloudapi.com'],
    ['ap-shanghai-fsi', '127.0.0.1'],
  ])('serves %s at %s', (region, host) => {
    expect(refusalOf(() => assertRegionServed(region, host))).toBeNull();
  });

  it.each([
    ['ap-shanghai-fsi', 'cvm.tencentcloudapi.com'],
    ['ap-shanghai-fsi', 'cvm.ap-shenzhen-fsi.tencentcloudapi.com'],
    ['ap-guangzhou', 'cvm.ap-shanghai-fsi.tencentcloudapi.com'],
    ['moon-1', '127.0.0.1'],
  ])('refuses %s at %s', (region, host) => {
    expect(refusalOf(() => assertRegionServed(region, host))).toBe('UnsupportedRegion');
  });
});
