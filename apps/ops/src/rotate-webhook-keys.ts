import { parseArgs } from 'node:util';
import { AuditStore } from '#libs/audit';
import { SystemClock } from '#libs/clock';
import { KeyRotationSettings, loadSettings } from '#libs/config';
import { SystemPostgres } from '#libs/postgres';
import { KeyRing, Sealer } from '#libs/sealing';
import { SigningKeys, SigningKeyStore } from '#libs/webhooks';
import { replacementReport } from './replacement-report.js';

/**
 * `npm run webhook-keys:rotate`: publishes a new key for `v1a` signatures, which signs an hour later, while everything
 * else runs. `--at-once` is for a key that somebody else knows: it signs no more from now on. Exit code 1 when nothing was
 * done because a new key is published already.
 */
const { 'at-once': atOnce } = readArguments();
const settings = loadSettings(KeyRotationSettings);
const postgres = new SystemPostgres(settings.databaseUrl, {
  connectionsMax: 1,
  applicationName: 'cvm-image-service webhook-keys:rotate',
});
try {
  await postgres.assertSchemaCurrent();
  const sealer = new Sealer(new KeyRing(settings.keySource.read()));
  const keys = new SigningKeys(postgres, new SigningKeyStore(), sealer, new AuditStore(), new SystemClock());
  const replacement = atOnce ? await keys.replaceAtOnce() : await keys.replace();
  process.stdout.write(`${replacementReport(replacement).join('\n')}\n`);
  process.exitCode = replacement.kind === 'replaced' ? 0 : 1;
} catch (error) {
  process.stderr.write(`webhook-keys:rotate failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await postgres.close();
}

function readArguments(): { readonly 'at-once': boolean } {
  try {
    return parseArgs({ options: { 'at-once': { type: 'boolean', default: false } } }).values;
  } catch (error) {
    process.stderr.write(
      `${error instanceof Error ? error.message : String(error)}\nUsage: webhook-keys:rotate [--at-once]\n`,
    );
    return process.exit(2);
  }
}
