import type { Colors } from 'picocolors/types.js';

export interface StackFacts {
  readonly gatewayUrl: string;
  readonly receiverUrl: string;
  readonly simulatorUrl: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly logDirectory: string;
  readonly adminKey: string;
  readonly apiKey: string;
  readonly accountId: string;
  readonly startedInMs: number;
}

/** Where everything is and how to begin, on one screen. */
export function banner(facts: StackFacts, colors: Colors): string {
  const row = ([name, value]: readonly [string, string]): string => `  ${colors.dim(name.padEnd(14))}${value}`;
  const places: [string, string][] = [
    ['API', facts.gatewayUrl],
    ['Swagger UI', `${facts.gatewayUrl}/docs`],
    ['Webhooks', facts.receiverUrl],
    ['Simulator', facts.simulatorUrl],
    ['PostgreSQL', facts.databaseUrl],
    ['Redis', facts.redisUrl],
    ['Logs', facts.logDirectory],
  ];
  const keys: [string, string][] = [
    ['Admin key', facts.adminKey],
    ['Demo API key', facts.apiKey],
    ['Demo account', facts.accountId],
  ];
  const title = colors.bold(colors.green('CVM Image Service is running'));
  return [
    '',
    `${title} ${colors.dim(`(after ${(facts.startedInMs / 1000).toFixed(1)} s)`)}`,
    '',
    ...places.map(([name, value]) => row([name, colors.cyan(value)])),
    '',
    ...keys.map(row),
    '',
    colors.bold('Make an image, then watch it here:'),
    '',
    curlLine(facts),
    '',
    colors.dim('Ctrl-C stops everything.'),
    '',
  ].join('\n');
}

/** One line that works as it stands in any POSIX shell. */
export function curlLine({ gatewayUrl, apiKey, accountId }: StackFacts): string {
  const order = { accountId, region: 'ap-guangzhou', instanceId: 'ins-6pb6lrmy', imageName: 'myImage' };
  return [
    `curl -sS -X POST ${gatewayUrl}/v1/image-requests`,
    `-H ${quoted(`Authorization: Bearer ${apiKey}`)}`,
    `-H ${quoted('Content-Type: application/json')}`,
    `-d ${quoted(JSON.stringify(order))}`,
  ].join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
