import { BacklogWatch } from './backlog-watch.js';

describe('BacklogWatch', () => {
  let watch: BacklogWatch;

  beforeEach(() => {
    import.meta.jest.useFakeTimers();
    watch = new BacklogWatch();
  });
  afterEach(() => {
    import.meta.jest.useRealTimers();
  });

  it('is behind once there has been a next job for half a second', () => {
    watch.noteJob();
    import.meta.jest.advanceTimersByTime(400);
    watch.noteJob();
    expect(watch.isBehind()).toBe(false);
    import.meta.jest.advanceTimersByTime(200);
    expect(watch.isBehind()).toBe(true);
  });

  it('has caught up as soon as the queue is empty', () => {
    watch.noteJob();
    import.meta.jest.advanceTimersByTime(1000);
    watch.noteEmpty();
    expect(watch.isBehind()).toBe(false);
    watch.noteJob();
    expect(watch.isBehind()).toBe(false);
  });

  it('is not behind while it has nothing to do', () => {
    import.meta.jest.advanceTimersByTime(10_000);
    expect(watch.isBehind()).toBe(false);
  });
});
