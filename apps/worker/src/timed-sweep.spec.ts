import { SilentLog } from '#libs/logging';
import type { LogLine } from '#libs/logging';
import { waitFor } from '#libs/testing';
import { TimedSweep } from './timed-sweep.js';

/** A sweep that ends when it is told to. */
class SteppedSweep {
  started = 0;
  private finish: (() => void)[] = [];

  readonly run = async (): Promise<void> => {
    this.started += 1;
    await new Promise<void>((resolve) => this.finish.push(resolve));
  };

  async finishOne(): Promise<void> {
    const finish = await waitFor(() => this.finish.shift());
    finish();
  }
}

class KeptLog extends SilentLog {
  readonly lines: LogLine[] = [];
  override error(line?: LogLine): void {
    if (line !== undefined) this.lines.push(line);
  }
}

const HOURS = 3_600_000;

describe('TimedSweep', () => {
  it('sweeps once more after a nudge that came while it swept, and only once', async () => {
    const sweep = new SteppedSweep();
    const timed = new TimedSweep(new SilentLog(), { name: 'spec', intervalMs: HOURS, sweep: sweep.run });
    for (let nudge = 0; nudge < 5; nudge += 1) timed.nudge();
    expect(sweep.started).toBe(1);
    timed.nudge();
    await sweep.finishOne();
    await waitFor(() => sweep.started === 2);
    const stopped = timed.stop();
    await sweep.finishOne();
    await stopped;

    expect(sweep.started).toBe(2);
  });

  it('sweeps again by itself, also after a sweep that failed, which it logs', async () => {
    const log = new KeptLog();
    let sweeps = 0;
    const sweep = (): Promise<void> => {
      sweeps += 1;
      return sweeps === 1 ? Promise.reject(new Error('the database is away')) : Promise.resolve();
    };
    const timed = new TimedSweep(log, { name: 'spec', intervalMs: 1, sweep });
    timed.nudge();
    await waitFor(() => sweeps >= 3);
    await timed.stop();

    expect(log.lines).toMatchObject([{ event: 'sweep.failed', sweep: 'spec' }]);
  });

  it('waits for the sweep under way when it is stopped, and begins no other', async () => {
    const sweep = new SteppedSweep();
    const timed = new TimedSweep(new SilentLog(), { name: 'spec', intervalMs: 1, sweep: sweep.run });
    timed.nudge();
    let stopped = false;
    const stopping = timed.stop().then(() => (stopped = true));
    timed.nudge();
    expect(stopped).toBe(false);
    await sweep.finishOne();
    await stopping;

    expect(sweep.started).toBe(1);
  });

  it('tells the sweep under way that it is to stop, so that one of any number of steps ends with the step', async () => {
    let steps = 0;
    const sweep = async (stopping: AbortSignal): Promise<void> => {
      for (; !stopping.aborted; steps += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    const timed = new TimedSweep(new SilentLog(), { name: 'spec', intervalMs: HOURS, sweep });
    timed.nudge();
    await waitFor(() => steps > 3);
    await timed.stop();
    const atTheEnd = steps;
    await waitFor(() => atTheEnd > 3);

    expect(steps).toBe(atTheEnd);
  });
});
