import { execFileSync } from 'node:child_process';

/** A process of its own: threads are begun once, with the first work for them. */
function threadsOf(environment: Readonly<Record<string, string>>): number {
  const script = `
    import { readdirSync } from 'node:fs';
    import { lookup } from 'node:dns/promises';
    const { widenThreadPool } = await import('#libs/config');
    widenThreadPool();
    await lookup('localhost');
    console.log(readdirSync('/proc/self/task').length);
  `;
  const options = { env: { PATH: process.env['PATH'], ...environment }, encoding: 'utf8' } as const;
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], options));
}

describe('widenThreadPool', () => {
  it('has names looked up in more threads than slow name servers are likely to block', () => {
    expect(threadsOf({})).toBeGreaterThan(64);
  });

  it('leaves alone what the operator has set', () => {
    expect(threadsOf({ UV_THREADPOOL_SIZE: '5' })).toBeLessThan(20);
  });
});
