import { parseArgs } from 'node:util';
import { AuditStore } from '#libs/audit';
import { SystemClock } from '#libs/clock';
import { KeyRotationSettings, loadSettings } from '#libs/config';
import { CredentialBoxes, CredentialStore } from '#libs/credentials';
import { SystemPostgres } from '#libs/postgres';
import { type BoxTable, KeyRing, Sealer } from '#libs/sealing';
import { SigningKeyBoxes, SigningKeyStore, WebhookSecretBoxes, WebhookSecretStore } from '#libs/webhooks';
import { KeyRotation, type OnProgress } from './key-rotation.js';
import { rotationReport } from './rotation-report.js';

/**
 * `npm run keys:rotate`: re-wraps every sealed box with the ring's first key while everything else runs, then tells which
 * key is still needed for what. `--report` only tells. Exit code 1 when a row could not be re-wrapped or is still to do.
 */
const { report: onlyReports } = readArguments();
const settings = loadSettings(KeyRotationSettings);
// As it is now: a ring that changed on the way would leave the report speaking of another one.
const ring = new KeyRing(settings.keySource.read());
const postgres = new SystemPostgres(settings.databaseUrl, {
  connectionsMax: 2,
  applicationName: 'cvm-image-service keys:rotate',
});
try {
  await postgres.assertSchemaCurrent();
  const rotation = new KeyRotation(tables(), ring.ids);
  const uses = onlyReports ? await rotation.report() : await rotation.run(progressOn(process.stderr));
  const { lines, faults } = rotationReport(ring.ids, uses);
  process.stdout.write(`${lines.join('\n')}\n`);
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  const isDone = onlyReports || ring.ids.slice(1).every((id) => uses.every(({ rowsByKey }) => !rowsByKey.has(id)));
  process.exitCode = faults.length > 0 || !isDone ? 1 : 0;
} catch (error) {
  process.stderr.write(`keys:rotate failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await postgres.close();
}

function tables(): readonly BoxTable[] {
  const [sealer, audit, clock] = [new Sealer(ring), new AuditStore(), new SystemClock()];
  return [
    new CredentialBoxes(postgres, new CredentialStore(), sealer, audit, clock),
    new WebhookSecretBoxes(postgres, new WebhookSecretStore(), sealer, audit, clock),
    new SigningKeyBoxes(postgres, new SigningKeyStore(), sealer, audit, clock),
  ];
}

/** One line that is written over and over; where nobody watches, nothing. */
function progressOn(stream: NodeJS.WriteStream): OnProgress {
  if (!stream.isTTY) return () => undefined;
  return (table, done, all) => void stream.write(`\r\x1b[K${table}: ${done} of ${all}\r`);
}

function readArguments(): { readonly report: boolean } {
  try {
    return parseArgs({ options: { report: { type: 'boolean', default: false } } }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nUsage: keys:rotate [--report]\n`);
    return process.exit(2);
  }
}
