import type { BenchCase, Extent, Row } from './bench-case.js';
import { startPeerGround } from './peers/peer-ground.js';
import { startProduct } from './product.js';

/** Ours first and alone, then the others: nobody shares the machine with whom he is compared to. */
export async function runCase(benchCase: BenchCase, extent: Extent): Promise<readonly Row[]> {
  const ours = await runOurs(benchCase, extent);
  if (benchCase.peers === undefined) return [ours];
  const ground = await startPeerGround(benchCase);
  try {
    return [ours, ...(await benchCase.peers(ground, extent, ours))];
  } finally {
    await ground.stop();
  }
}

async function runOurs(benchCase: BenchCase, extent: Extent): Promise<Row> {
  const product = await startProduct(benchCase.settings, extent.workers);
  try {
    await product.setOut(benchCase);
    return await benchCase.ours(product, extent);
  } finally {
    await product.stop();
  }
}
