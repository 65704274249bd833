import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { env } from 'node:process';
import { WebhookVerificationError } from 'standardwebhooks';
import { Feed } from './feed.ts';
import { createHistory, keepHistory } from './history.ts';
import { Inbox } from './inbox.ts';
import { Receiver } from './receiver.ts';
import { verify } from './verify.ts';

const BODY_BYTES_MAX = 1_048_576;
const CATCH_UP_EVERY_MS = 600_000;

const secrets = setting('WEBHOOK_SECRETS').split(',');
const inbox = new Inbox(setting('DATABASE_FILE'), createHistory);
const receiver = new Receiver(inbox, new Feed(setting('SERVICE_URL'), setting('API_KEY')), keepHistory);

const server = createServer((request, response) => {
  void take(request).then((status) => {
    response.writeHead(status).end();
    if (status === 204) receiver.wake();
  });
});
server.listen(Number(env['PORT'] ?? 8080), env['HOST'] ?? '127.0.0.1', () => {
  const { address, port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ event: 'receiver.listening', url: `http://${address}:${port}/` }));
  receiver.catchUp();
});
// An endpoint that was disabled for a while gets no event that would show the gap.
const regularly = setInterval(() => receiver.catchUp(), CATCH_UP_EVERY_MS);

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());

/** The status that tells the service what became of its event. Any but 2xx has it sent again. */
async function take(request: IncomingMessage): Promise<number> {
  try {
    if (request.method !== 'POST') return 405;
    const body = await read(request);
    if (body === null) return 413;
    inbox.add(verify(body, request.headers as Record<string, string>, secrets));
    return 204;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return 401;
    console.error(error);
    return 500;
  }
}

/** Null for what is too large to be ours. */
async function read(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Requests that are under way get their answer, work that is under way is finished. */
async function stop(): Promise<void> {
  clearInterval(regularly);
  await new Promise((resolve) => server.close(resolve));
  await receiver.stop();
  inbox.close();
}

function setting(name: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}
