import { describeSettings, GatewaySettings, loadSettings, widenThreadPool } from '#libs/config';
import { createLog } from '#libs/logging';
import { Postgres } from '#libs/postgres';
import { createApp } from './create-app.js';
import { stopOnSignal } from './stop-on-signal.js';

widenThreadPool();
const settings = loadSettings(GatewaySettings);
const log = createLog('gateway', settings.logLevel);
const postgres = new Postgres(settings.databaseUrl, { applicationName: 'cvm-image-service gateway' });

try {
  await postgres.assertSchemaCurrent();
  const app = await createApp({ settings, log, postgres });
  stopOnSignal(app, log);
  await app.listen(settings.port, settings.host);
  log.info({ event: 'gateway.listening', url: await app.getUrl(), settings: describeSettings(settings) });
} catch (error) {
  // An old schema, a database out of reach, a port that is taken: for these the operator needs the words, not the stack.
  process.stderr.write(`The gateway cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
