import type { BenchCase } from './bench-case.js';
import { badNeighbours } from './cases/bad-neighbours.js';
import { burst } from './cases/burst.js';
import { lostRedis } from './cases/lost-redis.js';

/** In the order of the table; the burst tells the paced case what the full speed is. */
export const CASES: readonly BenchCase[] = [burst, badNeighbours, lostRedis];
