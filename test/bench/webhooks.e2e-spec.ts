import { stopAllProcesses } from '#libs/testing';
import { CASES } from './webhooks/cases.js';
import { SHORT } from './webhooks/options.js';
import { type Stage, startStage } from './webhooks/stage.js';

describe('a short form of the benchmark of webhooks', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await startStage({ settings: { WEBHOOK_RETRY_SCHEDULE_MS: '500,1000,2000,4000,8000,16000' } });
  }, 60_000);
  afterAll(async () => {
    await stage.stop();
    await stopAllProcesses();
  }, 60_000);

  /** Says nothing of speed: that is measured by `npm run bench:webhooks` on a machine that does nothing else. */
  it.each(CASES)(
    '$name: every endpoint that works gets each of its events, with its number, each request in order',
    async (benchCase) => {
      const rows = await benchCase.run(stage, SHORT, {});

      expect(rows.flatMap(({ breaches }) => breaches)).toEqual([]);
      expect(rows.map(({ deliveries }) => deliveries)).not.toContain(0);
    },
    120_000,
  );
});
