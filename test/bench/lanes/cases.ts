import type { BenchCase } from './bench-case.js';
import { deepBacklog } from './cases/deep-backlog.js';
import { manyLanes } from './cases/many-lanes.js';
import { steadyCase } from './cases/steady.js';
import { stranger } from './cases/stranger.js';
import { killedWorkers, lostRedis } from './cases/survival.js';

/** In the order of the table. */
export const CASES: readonly BenchCase[] = [
  steadyCase({
    name: 'no-jitter',
    title: 'a call takes 5 ms, no jitter',
    jitterMs: 0,
    callMs: 5,
    targetShare: 0.97,
  }),
  steadyCase({
    name: 'jitter',
    title: 'a call takes 5 ms, one-way jitter 0-50 ms',
    jitterMs: 50,
    callMs: 5,
    targetShare: 0.92,
  }),
  steadyCase({
    name: 'slow-call',
    title: 'a call takes 500 ms, one-way jitter 0-50 ms',
    jitterMs: 50,
    callMs: 500,
    targetShare: 0.89,
  }),
  steadyCase({
    name: 'response-only',
    title: 'one-way jitter 0-300 ms, ARRIVAL_GUARD_MS=0: a token rests from the answer on',
    jitterMs: 300,
    callMs: 0,
    settings: { ARRIVAL_GUARD_MS: '0' },
    targetShare: 0.95,
    isPossibleLessCallTime: true,
  }),
  killedWorkers,
  lostRedis,
  stranger,
  manyLanes,
  deepBacklog,
];
