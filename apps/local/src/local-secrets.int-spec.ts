import { createPrivateKey } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localSecrets } from './local-secrets.js';

describe('localSecrets', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'local-secrets-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('gives the same ones on every run', async () => {
    expect(await localSecrets(directory, {})).toEqual(await localSecrets(directory, {}));
  });

  it('makes ones that the apps accept', async () => {
    const { ADMIN_API_KEY, MASTER_KEYS, AUDIT_SIGNING_KEY } = await localSecrets(directory, {});
    const signingKey = createPrivateKey({
      key: Buffer.from(AUDIT_SIGNING_KEY, 'base64'),
      format: 'der',
      type: 'pkcs8',
    });

    expect(ADMIN_API_KEY.length).toBeGreaterThanOrEqual(32);
    expect(Buffer.from(MASTER_KEYS.split(':')[1] ?? '', 'base64')).toHaveLength(32);
    expect(signingKey.asymmetricKeyType).toBe('ed25519');
  });

  it('lets nobody else read them', async () => {
    await localSecrets(directory, {});
    const { mode } = await stat(join(directory, 'secrets.json'));
    expect(mode & 0o777).toBe(0o600);
  });

  it('leaves the master keys to a file that the environment names', async () => {
    expect(await localSecrets(directory, { MASTER_KEYS_FILE: '/run/ring' })).toMatchObject({ MASTER_KEYS: '' });
  });

  it('takes those of the environment where it names them, and does not keep these', async () => {
    expect(await localSecrets(directory, { ADMIN_API_KEY: 'given' })).toMatchObject({ ADMIN_API_KEY: 'given' });
    expect((await localSecrets(directory, {})).ADMIN_API_KEY).not.toBe('given');
  });
});
