import { jest } from '@jest/globals';
import { BacklogWatch } from './backlog-watch.js';

describe('BacklogWatch', () => {
  let watch: BacklogWatch;

  beforeEach(() => {
    jest.useFakeTimers();
    watch = new BacklogWatch();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is behind once there has been a next job for half a second', () => {
    watch.noteJob();
    jest.advanceTimersByTime(400);
    watch.noteJob();
    expect(watch.isBehind()).toBe(false);
    jest.advanceTimersByTime(200);
    expect(watch.isBehind()).toBe(true);
  });

  it('has caught up as soon as the queue is empty', () => {
    watch.noteJob();
    jest.advanceTimersByTime(1000);
    watch.noteEmpty();
    expect(watch.isBehind()).toBe(false);
    watch.noteJob();
    expect(watch.isBehind()).toBe(false);
  });

  it('is not behind while it has nothing to do', () => {
    jest.advanceTimersByTime(10_000);
    expect(watch.isBehind()).toBe(false);
  });
});
