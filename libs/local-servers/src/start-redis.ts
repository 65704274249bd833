import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type LocalServer, startServer } from './local-server.js';
import { outlivePredecessor } from './predecessor.js';
import { redisProgram } from './redis-program.js';

export interface RedisOptions {
  /** Kept between runs. */
  readonly dataDirectory: string;
  /** Where a Redis is unpacked when the machine has none and we may not install one. Keep it, and it is fetched once. */
  readonly programDirectory: string;
  readonly port?: number;
  /** False keeps everything in memory only, and the folder is removed should we die. */
  readonly durable?: boolean;
  readonly log?: (line: string) => void;
  /** Hears of each step when a Redis has to be installed first, which takes its time. */
  readonly onInstall?: (line: string) => void;
}

/** A real Redis (or Valkey) on 127.0.0.1 that never evicts, because BullMQ's queues are not a cache. */
export async function startRedis(options: RedisOptions): Promise<LocalServer> {
  const dataDirectory = resolve(options.dataDirectory);
  await mkdir(dataDirectory, { recursive: true });
  const program = await redisProgram(resolve(options.programDirectory), options.onInstall ?? (() => undefined));
  const pidfile = join(dataDirectory, 'redis.pid');
  // Redis itself lets two serve one folder, and each would spoil the other's file.
  await outlivePredecessor(pidfile, (commandLine) => /(?:redis|valkey)-server/.test(commandLine));
  const settings: Record<string, string> = {
    bind: '127.0.0.1',
    dir: dataDirectory,
    pidfile,
    appendonly: options.durable === false ? 'no' : 'yes',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  };

  const { process, port } = await startServer({
    port: options.port,
    readyWords: 'eady to accept connections',
    log: options.log ?? (() => undefined),
    process: (port) => ({
      command: program.command,
      args: [
        ...program.args,
        '--port',
        String(port),
        ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
      ],
      cwd: dataDirectory,
      stopSignal: 'SIGTERM',
      graceMs: 10_000,
      throwAway: options.durable === false ? dataDirectory : undefined,
    }),
  });

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    dataDirectory,
    exited: process.exited,
    stop: async () => void (await process.stop()),
  };
}
