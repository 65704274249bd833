import { type PrivateRedis, startPrivateRedis, startProcess } from '#libs/testing';
import { SimulatorControl } from '../../../support/simulator-control.js';
import { prepareJudge } from '../judge.js';
import { withRedis } from '../../../support/redis-books.js';
import { type StartedTransit, startTransit } from '../transit/start-transit.js';

/** A judge, a road and a Redis for those who are measured beside the product, just like its own. */
export interface PeerGround {
  readonly simulator: SimulatorControl;
  readonly transit: StartedTransit;
  readonly redis: PrivateRedis;
  /** Forgets everything that came before. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export async function startPeerGround(conditions: {
  readonly jitterMs: number;
  readonly callMs: number;
}): Promise<PeerGround> {
  const [redis, transit, judge] = await Promise.all([
    startPrivateRedis(),
    startTransit(),
    startProcess({
      name: 'simulator',
      entry: 'dist/apps/simulator/src/main.js',
      env: { SIMULATOR_PORT: '0', SIMULATOR_SEED: '1' },
      readyWhen: (line) => line.includes('simulator.listening'),
    }),
  ]);
  const url = judge.url ?? '';
  const simulator = new SimulatorControl(url);
  await prepareJudge(simulator, conditions.callMs);
  return {
    simulator,
    transit,
    redis,
    clear: async () => {
      await withRedis(redis.url, (connection) => connection.flushall());
      await simulator.clearCalls();
      await transit.lead(url, conditions.jitterMs);
    },
    stop: async () => {
      await Promise.all([judge.stop(), transit.stop(), redis.stop()]);
    },
  };
}
