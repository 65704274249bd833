import { inspect } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
  /** What is waited for, in words, for the error. */
  readonly what?: string;
}

/**
 * Resolves with the first answer that is neither false nor empty. A condition that throws has not come true yet, so it
 * may hold `expect` calls; what it threw last is the cause of the error that ends the wait.
 */
export async function waitFor<Answer>(
  condition: () => Answer | Promise<Answer>,
  options: WaitOptions = {},
): Promise<NonNullable<Answer>> {
  const { timeoutMs = 5_000, intervalMs = 25, what = condition.toString() } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { answer, error } = await ask(condition);
    if (error === undefined && answer !== false && answer !== undefined && answer !== null) return answer;
    if (Date.now() >= deadline) {
      const seen = error === undefined ? `it last answered ${inspect(answer)}` : `it last threw: ${inspect(error)}`;
      throw new Error(`not true within ${timeoutMs} ms: ${what}; ${seen}`, { cause: error });
    }
    await sleep(intervalMs);
  }
}

async function ask<Answer>(condition: () => Answer | Promise<Answer>): Promise<{ answer?: Answer; error?: unknown }> {
  try {
    return { answer: await condition() };
  } catch (error) {
    return { error };
  }
}
