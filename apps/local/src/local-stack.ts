import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Colors } from 'picocolors/types.js';
import { type LocalServer, startPostgres, startRedis } from '#libs/local-servers';
import { runApp, startApp, startAppOnPort } from './app-process.js';
import type { StackFacts } from './banner.js';
import { DemoSetup, demoSubAccount, keptDemo, platformSubAccount, type SubAccount } from './demo.js';
import { eventLine } from './event-line.js';
import { localSecrets } from './local-secrets.js';
import type { LocalSettings } from './local-settings.js';
import { PartLog } from './part-log.js';
import { Receiver } from './receiver.js';
import type { PartName, Stack } from './stack.js';
import { untilHealthy } from './until-healthy.js';

type Environment = Readonly<Record<string, string>>;
type Print = (line: string) => void;

/** So that an image's progress is quick to see and webhooks reach this machine. The environment may say otherwise. */
const LAPTOP_DEFAULTS: Environment = {
  TRACK_INTERVAL_MS: '500',
  WEBHOOK_ALLOW_HTTP: 'true',
  WEBHOOK_ALLOWED_CIDRS: '127.0.0.0/8',
};

/** Brings everything up in the order of need; `stack` holds what runs and takes it down again. */
export class LocalStack {
  private readonly logDirectory: string;

  constructor(
    private readonly settings: LocalSettings,
    private readonly stack: Stack,
    private readonly print: Print,
    private readonly colors: Colors,
  ) {
    this.logDirectory = join(settings.directory, 'logs');
  }

  async start(): Promise<StackFacts> {
    const startedAt = performance.now();
    await mkdir(this.logDirectory, { recursive: true });
    const secrets = await localSecrets(this.settings.directory, this.settings.environment);
    const subAccount = await demoSubAccount(this.settings.directory);
    const platform = await platformSubAccount(this.settings.directory);

    const [databaseUrl, redisUrl, receiver, simulatorUrl] = await Promise.all([
      this.postgresUrl(),
      this.redisUrl(),
      this.startReceiver(),
      this.startSimulator([subAccount, platform]),
    ]);
    const environment = {
      ...LAPTOP_DEFAULTS,
      PLATFORM_SECRET_ID: platform.secretId,
      PLATFORM_SECRET_KEY: platform.secretKey,
      ...this.settings.environment,
      ...secrets,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      HOST: '127.0.0.1',
      CVM_ENDPOINT: simulatorUrl,
      STS_ENDPOINT: simulatorUrl,
    };
    await this.migrate(environment);
    const [gatewayUrl] = await Promise.all([this.startGateway(environment), this.startWorker(environment)]);

    const setup = new DemoSetup(this.settings.directory, gatewayUrl, secrets.ADMIN_API_KEY);
    const demo = await setup.ensure(subAccount, `${receiver.url}/webhooks`);
    receiver.secret = demo.webhookSecret;
    return {
      gatewayUrl,
      receiverUrl: receiver.url,
      simulatorUrl,
      databaseUrl,
      redisUrl,
      logDirectory: this.logDirectory,
      adminKey: secrets.ADMIN_API_KEY,
      apiKey: demo.apiKey,
      accountId: demo.accountId,
      startedInMs: performance.now() - startedAt,
    };
  }

  private async postgresUrl(): Promise<string> {
    if (this.settings.databaseUrl) return this.settings.databaseUrl;
    const log = this.logOf('postgres');
    const dataDirectory = join(this.settings.directory, 'postgres');
    return this.keep('PostgreSQL', log, await startPostgres({ dataDirectory, log: log.write }));
  }

  private async redisUrl(): Promise<string> {
    if (this.settings.redisUrl) return this.settings.redisUrl;
    const log = this.logOf('redis');
    const server = await startRedis({
      dataDirectory: join(this.settings.directory, 'redis'),
      programDirectory: join(this.settings.directory, 'programs'),
      log: log.write,
      onInstall: (line) => this.print(this.colors.yellow(line)),
    });
    return this.keep('Redis', log, server);
  }

  private async keep(name: PartName, log: PartLog, server: LocalServer): Promise<string> {
    await this.stack.add({ name, log, exited: server.exited, stop: () => server.stop() });
    this.done(name, `port ${server.port}`);
    return server.url;
  }

  private async startReceiver(): Promise<Receiver> {
    const receiver = new Receiver((event) => this.print(eventLine(event, this.colors)));
    receiver.secret = (await keptDemo(this.settings.directory)).webhookSecret;
    await receiver.listen(this.settings.receiverPort);
    await this.stack.add({ name: 'webhook receiver', stop: () => receiver.close() });
    this.doneOnPort('Webhook receiver', this.settings.receiverPort, receiver.port);
    return receiver;
  }

  private async startSimulator(accounts: readonly SubAccount[]): Promise<string> {
    const wanted = this.settings.simulatorPort;
    const { part, port } = await startAppOnPort(wanted, (port) => ({
      name: 'simulator',
      entry: 'apps/simulator/src/main.js',
      env: {
        SIMULATOR_IMAGE_DURATION_MS: '2000',
        ...this.settings.environment,
        SIMULATOR_HOST: '127.0.0.1',
        SIMULATOR_PORT: String(port),
        SIMULATOR_ACCOUNTS: JSON.stringify(accounts),
      },
      log: this.logOf('simulator'),
      readyEvent: 'simulator.listening',
    }));
    await this.stack.add(part);
    this.doneOnPort('Simulator', wanted, port);
    return `http://127.0.0.1:${port}`;
  }

  private async migrate(env: Environment): Promise<void> {
    await runApp({ name: 'migration', entry: 'libs/postgres/src/migrate.js', env, log: this.logOf('migration') });
    this.done('Schema', 'up to date');
  }

  private async startWorker(env: Environment): Promise<void> {
    const log = this.logOf('worker');
    const entry = 'apps/worker/src/main.js';
    await this.stack.add(await startApp({ name: 'worker', entry, env, log, readyEvent: 'worker.started' }));
    this.done('Worker', 'at work');
  }

  private async startGateway(env: Environment): Promise<string> {
    const wanted = this.settings.gatewayPort;
    const { part, port } = await startAppOnPort(wanted, (port) => ({
      name: 'gateway',
      entry: 'apps/gateway/src/main.js',
      env: { ...env, PORT: String(port) },
      log: this.logOf('gateway'),
      readyEvent: 'gateway.listening',
    }));
    await this.stack.add(part);
    const url = `http://127.0.0.1:${port}`;
    await untilHealthy(`${url}/health/ready`);
    this.doneOnPort('Gateway', wanted, port);
    return url;
  }

  private logOf(name: string): PartLog {
    return new PartLog(this.logDirectory, name);
  }

  private done(name: string, detail: string): void {
    this.print(`${this.colors.green('✓')} ${name} ${this.colors.dim(detail)}`);
  }

  private doneOnPort(name: string, wanted: number, port: number): void {
    this.done(name, `port ${port}`);
    if (port !== wanted)
      this.print(this.colors.yellow(`  port ${wanted} is taken by another program, so it is ${port}`));
  }
}
