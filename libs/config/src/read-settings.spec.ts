import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { GatewaySettings } from './gateway.settings.js';
import { BadSettings, describeSettings, environmentNames, readSettings } from './read-settings.js';
import { WorkerSettings } from './worker.settings.js';

const signingKey = generateKeyPairSync('ed25519').privateKey;
const GOOD = {
  DATABASE_URL: 'postgres://app:hunter2@127.0.0.1/cvm',
  REDIS_URL: 'redis://:hunter2@127.0.0.1',
  MASTER_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  AUDIT_SIGNING_KEY: signingKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  ADMIN_API_KEY: 'a-key-of-the-operators-that-is-long-enough',
};

function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    readSettings(GatewaySettings, { ...GOOD, ...environment });
    return [];
  } catch (error) {
    if (error instanceof BadSettings) return error.faults;
    throw error;
  }
}

describe('readSettings', () => {
  it('fills in the documented defaults', () => {
    expect(readSettings(GatewaySettings, GOOD)).toMatchObject({ port: 3000, host: '0.0.0.0', defaultSite: 'intl' });
    expect(readSettings(WorkerSettings, GOOD)).toMatchObject({
      createImageLimit: 10,
      describeImagesLimit: 40,
      upstreamTimeoutMs: 30_000,
      resendFenceMs: 330_000,
      workerConcurrency: 50,
      eventRetentionDays: 30,
      webhookRetryScheduleMs: [5000, 300_000, 1_800_000, 7_200_000, 18e6, 36e6, 50.4e6, 72e6, 86.4e6],
    });
    expect(readSettings(WorkerSettings, GOOD).regions).toHaveLength(18);
  });

  it.each([
    ['', []],
    ['10.0.0.0/8, fd00::/8,192.0.2.7', ['10.0.0.0/8', 'fd00::/8', '192.0.2.7']],
  ])('trusts the proxies of %p', (TRUSTED_PROXIES, trustedProxies) => {
    expect(readSettings(GatewaySettings, { ...GOOD, TRUSTED_PROXIES }).trustedProxies).toEqual(trustedProxies);
  });

  it.each(['0.0.0.0/0', '::/0', '::/00', '10.0.0.0/33', 'balancer'])('trusts no proxies such as %p', (proxies) => {
    expect(faultsOf({ TRUSTED_PROXIES: proxies })).toEqual([expect.stringMatching(/^TRUSTED_PROXIES /)]);
  });

  it('names every fault at once, by variable, with no value', () => {
    const error = (() => {
      try {
        readSettings(GatewaySettings, { PORT: '70000', REDIS_URL: 'http://hunter2', ADMIN_API_KEY: 'short-hunter2' });
        return null;
      } catch (thrown) {
        return thrown as BadSettings;
      }
    })();

    expect(error?.faults.map((fault) => fault.split(' ')[0])).toEqual([
      'DATABASE_URL',
      'REDIS_URL',
      'MASTER_KEYS',
      'AUDIT_SIGNING_KEY',
      'ADMIN_API_KEY',
      'PORT',
    ]);
    expect(inspect(error)).not.toContain('hunter2');
  });

  it.each([
    ['PORT', 'eighty', 'must be a whole number'],
    ['PORT', '-1', 'must not be less than 0'],
    ['DATABASE_URL', 'mysql://localhost', 'must be a URL that begins with postgres:// or postgresql://'],
    ['MASTER_KEYS', 'k1:c2hvcnQ=', 'key 1 must be 32 bytes in base64'],
    ['MASTER_KEYS', 'no-colon', 'key 1 must be id:base64'],
    ['MASTER_KEYS', `${GOOD.MASTER_KEYS},${GOOD.MASTER_KEYS}`, 'names a key id twice'],
    ['AUDIT_SIGNING_KEY', 'bm90IGEga2V5', 'must be an Ed25519 private key'],
    ['ADMIN_API_KEY', 'a'.repeat(64), 'too weak'],
    ['ADMIN_API_KEY', 'changeme-changeme-changeme-changeme', 'too weak'],
    ['DEFAULT_SITE', 'mars', 'must be "intl" or "china"'],
    ['CVM_ENDPOINT', 'ftp://host', 'must be a URL that begins with http:// or https://'],
    ['CVM_ENDPOINT', 'https://host/path', 'nothing behind it'],
    ['WEBHOOK_ALLOW_HTTP', 'yes', 'must be "true" or "false"'],
    ['WEBHOOK_ALLOWED_CIDRS', '10.0.0.0/8,10.0.0.0/40', 'range 2 must be an address and a prefix length'],
    ['WEBHOOK_ALLOWED_CIDRS', 'localhost', 'range 1 must be an address and a prefix length'],
    ['WEBHOOK_ALLOWED_PORTS', '25,0', 'port 2 must be a whole number from 1 to 65535'],
    ['WEBHOOK_ALLOWED_PORTS', '65536', 'port 1 must be a whole number from 1 to 65535'],
    ['WEBHOOK_ALLOWED_PORTS', '25-30', 'port 1 must be a whole number from 1 to 65535'],
    ['REGIONS', 'ap-guangzhou,Moon', 'must be a comma-separated list of region names'],
    ['LOG_LEVEL', 'loud', 'must be trace, debug, info'],
  ])('refuses %s=%s', (name, value, reason) => {
    const faults = faultsOf({ [name]: value });

    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${name} `));
    expect(faults[0]).toContain(reason);
  });

  it('wants exactly one of MASTER_KEYS and MASTER_KEYS_FILE, and reports that with all other faults', () => {
    const absent = { MASTER_KEYS: '', MASTER_KEYS_FILE: '' };

    expect(faultsOf(absent)).toEqual(['MASTER_KEYS or MASTER_KEYS_FILE is required']);
    expect(faultsOf({ ...absent, PORT: 'eighty' })).toEqual([
      'MASTER_KEYS or MASTER_KEYS_FILE is required',
      'PORT must be a whole number',
    ]);
    expect(faultsOf({ MASTER_KEYS_FILE: '/nowhere/keys', PORT: 'eighty' })).toEqual([
      'MASTER_KEYS and MASTER_KEYS_FILE must not both be set',
      'MASTER_KEYS_FILE names a file that does not exist',
      'PORT must be a whole number',
    ]);
  });

  it.each([
    ['PLATFORM_SECRET_ID', 'PLATFORM_SECRET_KEY'],
    ['PLATFORM_SECRET_KEY', 'PLATFORM_SECRET_ID'],
  ])('refuses %s without %s', (alone, missing) => {
    expect(faultsOf({ [alone]: 'hunter2' })).toEqual([
      `${alone} means nothing without ${missing}: set both or neither`,
    ]);
    expect(faultsOf({ [alone]: 'hunter2', [missing]: 'hunter2' })).toEqual([]);
  });

  it('takes an empty variable for an unset one', () => {
    expect(faultsOf({ PORT: '', CVM_ENDPOINT: '' })).toEqual([]);
  });

  it('reads the signing key as base64 DER too', () => {
    const der = signingKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');

    expect(faultsOf({ AUDIT_SIGNING_KEY: der })).toEqual([]);
  });

  it('shows settings for the log with secrets only as configured', () => {
    const shown = describeSettings(readSettings(GatewaySettings, GOOD));

    expect(shown).toMatchObject({ PORT: 3000, DATABASE_URL: { configured: true }, MASTER_KEYS: { configured: true } });
    expect(JSON.stringify(shown)).not.toMatch(/hunter2|operators/);
  });

  it('lists the variables of a class and which of them are required', () => {
    const names = environmentNames(GatewaySettings);

    expect(names).toContainEqual({ name: 'ADMIN_API_KEY', required: true });
    expect(names).toContainEqual({ name: 'PORT', required: false });
    expect(new Set(names.map(({ name }) => name)).size).toBe(names.length);
  });
});
