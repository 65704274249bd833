import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot, type StartedProcess, waitFor } from '#libs/testing';

const WHOLE_STRINGS = join(repositoryRoot(), 'test/canary/whole-strings.mjs');
const SIGNAL = 'SIGUSR2';
const WRITTEN_WITHIN_MS = 180_000;

/** Where processes put their heap snapshots, and what has to stand in their environment so that they do. */
export class HeapSnapshots {
  private constructor(private readonly folder: string) {}

  static async create(): Promise<HeapSnapshots> {
    return new HeapSnapshots(await mkdtemp(join(tmpdir(), 'cvm-image-service-heaps-')));
  }

  get environment(): Readonly<Record<string, string>> {
    const options = [`--heapsnapshot-signal=${SIGNAL}`, `--diagnostic-dir=${this.folder}`, `--import=${WHOLE_STRINGS}`];
    return { NODE_OPTIONS: options.join(' ') };
  }

  /** All that is alive in the process: V8 collects everything else before it takes the snapshot. */
  async take(process: StartedProcess): Promise<Buffer> {
    const before = await this.filesOf(process);
    process.signal(SIGNAL);
    const file = await waitFor(
      async () => {
        const name = (await this.filesOf(process)).find((one) => !before.includes(one));
        return name !== undefined && (await isWhole(join(this.folder, name))) ? join(this.folder, name) : null;
      },
      { timeoutMs: WRITTEN_WITHIN_MS, intervalMs: 100, what: 'the heap snapshot is written' },
    );
    const snapshot = await readFile(file);
    await rm(file);
    return snapshot;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Their names hold the process's id. */
  private async filesOf({ pid }: StartedProcess): Promise<readonly string[]> {
    return (await readdir(this.folder)).filter((name) => name.includes(`.${pid}.`));
  }
}

/** A snapshot is one JSON object, and its strings come last. */
async function isWhole(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, 64));
    await file.read(tail, 0, tail.length, size - tail.length);
    return /\]\s*\}\s*$/.test(tail.toString('latin1'));
  } finally {
    await file.close();
  }
}
