import { setTimeout as sleep } from 'node:timers/promises';

const HEALTHY_MS = 30_000;
const PAUSE_MS = 100;

/** Waits until the health check answers 200, and passes on its own words when it does not. */
export async function untilHealthy(url: string): Promise<void> {
  const deadline = Date.now() + HEALTHY_MS;
  for (;;) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch((error: unknown) => error);
    if (answer instanceof Response && answer.ok) return;
    if (Date.now() > deadline) throw new Error(`${url} is not ready: ${await wordsOf(answer)}`);
    await sleep(PAUSE_MS);
  }
}

async function wordsOf(answer: unknown): Promise<string> {
  return answer instanceof Response ? `${answer.status} ${await answer.text()}` : String(answer);
}
