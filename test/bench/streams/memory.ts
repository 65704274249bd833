import { join } from 'node:path';
import { repositoryRoot, type StartedProcess, waitFor } from '#libs/testing';

const TELL_MEMORY = join(repositoryRoot(), 'test/bench/streams/tell-memory.mjs');

/** What has to stand in the environment of a process whose memory is asked for. */
export const MEMORY_TOLD = { NODE_OPTIONS: `--import=${TELL_MEMORY}` };

/** In bytes, after a collection. `external` is what buffers hold. */
export interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

export async function memoryOf(process: StartedProcess): Promise<Memory> {
  const before = toldBy(process).length;
  process.signal('SIGUSR2');
  return waitFor(() => toldBy(process)[before], { timeoutMs: 30_000, what: 'the process tells its memory' });
}

function toldBy(process: StartedProcess): readonly Memory[] {
  return process
    .logs()
    .split('\n')
    .filter((line) => line.startsWith('{"event":"bench.memory"'))
    .map((line) => JSON.parse(line) as Memory);
}
