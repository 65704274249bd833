import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface LocalSettings {
  /** Everything that is kept between runs. */
  readonly directory: string;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  /** The ports to begin looking at. */
  readonly gatewayPort: number;
  readonly receiverPort: number;
  readonly simulatorPort: number;
  /** What the apps inherit. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The build's root is dist/, the repository's the folder around it. */
const REPOSITORY = dirname(fileURLToPath(new URL('../../../', import.meta.url)));
export const BUILD = join(REPOSITORY, 'dist');

export function readLocalSettings(environment: NodeJS.ProcessEnv): LocalSettings {
  const defined = Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    directory: environment['LOCAL_DIRECTORY'] ?? join(REPOSITORY, '.local'),
    databaseUrl: environment['DATABASE_URL'] || undefined,
    redisUrl: environment['REDIS_URL'] || undefined,
    gatewayPort: portOf(environment, 'PORT', 3000),
    receiverPort: portOf(environment, 'RECEIVER_PORT', 3001),
    simulatorPort: portOf(environment, 'SIMULATOR_PORT', 9100),
    environment: Object.fromEntries(defined),
  };
}

function portOf(environment: NodeJS.ProcessEnv, variable: string, fallback: number): number {
  const port = Number(environment[variable] || fallback);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`${variable} must be a port number`);
  return port;
}
