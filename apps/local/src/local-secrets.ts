import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { KeptFile } from './kept-file.js';

/** Named as the variables that the apps read. */
export interface LocalSecrets {
  readonly ADMIN_API_KEY: string;
  readonly MASTER_KEYS: string;
  readonly AUDIT_SIGNING_KEY: string;
}

/** The same on every run, for data sealed under one key opens under no other. What the environment names wins, and is not kept. */
export async function localSecrets(
  directory: string,
  environment: Readonly<Record<string, string>>,
): Promise<LocalSecrets> {
  const file = new KeptFile<LocalSecrets>(directory, 'secrets.json');
  const kept = (await file.read()) ?? (await file.write(newSecrets()));
  return {
    ADMIN_API_KEY: environment['ADMIN_API_KEY'] || kept.ADMIN_API_KEY,
    // A file of keys stands in for them: the apps take one or the other.
    MASTER_KEYS: environment['MASTER_KEYS'] || (environment['MASTER_KEYS_FILE'] ? '' : kept.MASTER_KEYS),
    AUDIT_SIGNING_KEY: environment['AUDIT_SIGNING_KEY'] || kept.AUDIT_SIGNING_KEY,
  };
}

function newSecrets(): LocalSecrets {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    ADMIN_API_KEY: `admin_${randomBytes(32).toString('base64url')}`,
    MASTER_KEYS: `local-1:${randomBytes(32).toString('base64')}`,
    AUDIT_SIGNING_KEY: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  };
}
