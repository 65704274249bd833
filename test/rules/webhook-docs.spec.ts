import { readFileSync } from 'node:fs';

describe('docs/webhooks.md', () => {
  it('shows how to verify in TypeScript with the very file that the example receiver runs', () => {
    const [, shown = ''] = /^```ts\n(.*?)^```$/ms.exec(readFileSync('docs/webhooks.md', 'utf8')) ?? [];
    expect(shown).toBe(readFileSync('examples/webhook-receiver/verify.ts', 'utf8'));
  });
});
