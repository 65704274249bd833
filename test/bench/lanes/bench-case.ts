import type { Judged } from '../report/words.js';
import type { PeerGround } from './peers/peer-ground.js';
import type { Product } from './product.js';

/** How much of a case is run. */
export interface Extent {
  /** Of one account, where a case has a backlog to call. */
  readonly calls: number;
  /** Processes of each that is measured. */
  readonly workers: number;
  readonly short: boolean;
}

export interface Row extends Judged {
  readonly case: string;
  readonly system: string;
  readonly calls: number;
  readonly seconds: number;
  readonly maxInAnySecond: number;
  readonly rejected: number;
  /** Of what the limit would let through; null where a case measures something else. */
  readonly share: number | null;
  readonly note: string;
}

export interface BenchCase {
  readonly name: string;
  readonly title: string;
  /** One way, at most. */
  readonly jitterMs: number;
  /** From arrival to answer, at the judge. */
  readonly callMs: number;
  /** What the product is set to besides its defaults. */
  readonly settings: Readonly<Record<string, string>>;
  ours(product: Product, extent: Extent): Promise<Row>;
  /** Those that are measured beside it, on a judge of their own; they get to see what ours did. */
  peers?(ground: PeerGround, extent: Extent, ours: Row): Promise<readonly Row[]>;
}
