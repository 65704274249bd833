import type { Judged } from '../report/words.js';
import type { Stage } from './stage.js';

/** How much of a case is run. */
export interface Extent {
  readonly events: number;
  /** Deliveries that are pending when Redis is flushed. */
  readonly pending: number;
  /** Events a second in the paced case; null for a share of what the burst comes to. */
  readonly eventsPerSecond: number | null;
  /** Says nothing of speed. */
  readonly short: boolean;
}

export interface Latencies {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface Row extends Judged {
  readonly case: string;
  readonly system: string;
  readonly events: number;
  /** To endpoints that work. */
  readonly deliveries: number;
  readonly seconds: number;
  /** From commit to arrival; null where everything is sent at once. */
  readonly latencyMs: Latencies | null;
  /** Of the pace of a bare loop; null where the pace is given. */
  readonly share: number | null;
  readonly note: string;
}

/** What cases know of one another. */
export interface Findings {
  /** Deliveries a second at full speed. */
  fullSpeed?: number;
}

export interface BenchCase {
  readonly name: string;
  readonly title: string;
  run(stage: Stage, extent: Extent, findings: Findings): Promise<readonly Row[]>;
}
