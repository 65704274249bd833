import { Agent, request } from 'undici';
import { newId } from '#libs/ids';
import { Secret } from '#libs/secret';
import { signatureHeaders } from '#libs/webhooks';
import type { LoopOrder } from './start-bare-loop.js';

/**
 * What sending costs at least: the same requests to the same receivers, as many at once, each signed as ours are, and no
 * word of them is kept anywhere.
 */
const { urls, secret, envelopes, each, placesEach } = JSON.parse(process.argv[2] ?? '') as LoopOrder;
const secrets = [new Secret(secret)];
const agent = new Agent({ pipelining: 1, allowH2: false });
/** Enough for the connections to stand and the code to be compiled. */
const WARM_UP_EACH = 100;

await sendAll(WARM_UP_EACH);
const told = new Promise<void>((resolve) => process.once('SIGUSR2', () => resolve()));
// A signal does not keep the process alive.
const waiting = setInterval(() => undefined, 1000);
console.log(JSON.stringify({ event: 'bare_loop.ready' }));
await told;
clearInterval(waiting);
await sendAll(each);
await agent.close();

async function sendAll(count: number): Promise<void> {
  await Promise.all(urls.flatMap((url) => placesOf(url, count)));
}

function placesOf(url: string, count: number): readonly Promise<void>[] {
  let sent = 0;
  const place = async (): Promise<void> => {
    while (sent++ < count) await send(url, sent);
  };
  return Array.from({ length: placesEach }, place);
}

async function send(url: string, sequence: number): Promise<void> {
  const id = newId('evt');
  const body = JSON.stringify({ ...envelopes[sequence % envelopes.length], id, sequence });
  const headers = {
    'content-type': 'application/cloudevents+json',
    'user-agent': 'cvm-image-service-webhooks',
    ...signatureHeaders({ id, at: new Date(), body }, secrets),
  };
  const answer = await request(url, { method: 'POST', headers, body, dispatcher: agent });
  await answer.body.dump();
}
