import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyRotationSettings } from './key-rotation.settings.js';
import { BadSettings, describeSettings, readSettings } from './read-settings.js';
import { WorkerSettings } from './worker.settings.js';

describe('MASTER_KEYS_FILE', () => {
  const key = randomBytes(32).toString('base64');
  const signingKey = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' });
  let folder: string;
  let path: string;
  let environment: Record<string, string>;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'master-keys-'));
    path = join(folder, 'keys');
    environment = {
      DATABASE_URL: 'postgres://127.0.0.1/cvm',
      REDIS_URL: 'redis://127.0.0.1',
      AUDIT_SIGNING_KEY: signingKey.toString('base64'),
      MASTER_KEYS_FILE: path,
    };
  });
  beforeEach(() => {
    writeFileSync(path, `k1:${key}\n`);
    chmodSync(path, 0o600);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function faultsOf(more: Record<string, string> = {}): readonly string[] {
    try {
      readSettings(WorkerSettings, { ...environment, ...more });
      return [];
    } catch (error) {
      if (error instanceof BadSettings) return error.faults;
      throw error;
    }
  }

  it.each([WorkerSettings, KeyRotationSettings])('stands in for MASTER_KEYS in %p', (settingsClass) => {
    const settings = readSettings<WorkerSettings | KeyRotationSettings>(settingsClass, environment);

    expect(settings.keySource.read().map(({ id }) => id)).toEqual(['k1']);
  });

  it('is shown as a path, and its content never', () => {
    const shown = JSON.stringify(describeSettings(readSettings(WorkerSettings, environment)));

    expect(JSON.parse(shown)).toMatchObject({ MASTER_KEYS: null, MASTER_KEYS_FILE: path });
    expect(shown).not.toContain(key);
  });

  it('is read before anything starts, and its faults stand among the others', () => {
    chmodSync(path, 0o644);

    expect(faultsOf({ REDIS_URL: 'http://redis' })).toEqual([
      expect.stringMatching(/^REDIS_URL must be/),
      `MASTER_KEYS_FILE names a file that not only its owner may use, its mode is 0644: run chmod 600 ${path}`,
    ]);
    chmodSync(path, 0o600);
    writeFileSync(path, `# ring\n\nk1:${key}x\n`);
    expect(faultsOf()).toEqual(['MASTER_KEYS_FILE line 3 must be 32 bytes in base64 (openssl rand -base64 32)']);
  });
});
