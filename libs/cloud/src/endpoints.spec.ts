import { Endpoints } from './endpoints.js';

describe('Endpoints', () => {
  const own = new Endpoints({ cvmEndpoint: null, stsEndpoint: null });

  it('sends finance regions to their own hosts on both sites, for the general ones do not serve them', () => {
    for (const site of ['intl', 'china'] as const) {
      expect(own.cvm(site, 'ap-shanghai-fsi').host).toBe('cvm.ap-shanghai-fsi.tencentcloudapi.com');
      expect(own.sts(site, 'ap-shanghai-fsi').host).toBe('sts.ap-shanghai-fsi.tencentcloudapi.com');
    }
  });

  it('asks the STS of the site when no region is given', () => {
    expect(own.sts('intl').host).toBe('sts.intl.tencentcloudapi.com');
    expect(own.sts('china').host).toBe('sts.tencentcloudapi.com');
  });

  it('uses nothing but TLS for the cloud itself', () => {
    expect(own.cvm('intl', 'ap-tokyo').protocol).toBe('https:');
    expect(own.sts('china').protocol).toBe('https:');
  });

  it('uses an override for every site and region', () => {
    const endpoints = new Endpoints({
      cvmEndpoint: 'http://cvm.{region}.example.test:8080',
      stsEndpoint: 'https://sts.example.test',
    });
    expect(endpoints.cvm('intl', 'ap-tokyo')).toEqual({
      protocol: 'http:',
      host: 'cvm.ap-tokyo.example.test:8080',
      hostname: 'cvm.ap-tokyo.example.test',
    });
    expect(endpoints.cvm('china', 'ap-shanghai-fsi').host).toBe('cvm.ap-shanghai-fsi.example.test:8080');
    expect(endpoints.sts('china').host).toBe('sts.example.test');
  });

  it.each(['evil.test/', 'x@evil.test', 'x.evil.test', 'x:1', 'X', '', '-', 'a b'])(
    'does not let a region such as %j choose the host that gets the credential',
    (region) => {
      expect(() => own.cvm('china', region)).toThrow('a region is');
    },
  );
});
