import { Clock } from './clock.js';

/** Stands still until it is moved. */
export class ManualClock extends Clock {
  private nowMs: number;

  constructor(start = new Date('2026-01-01T00:00:00.000Z')) {
    super();
    this.nowMs = start.getTime();
  }

  now(): Date {
    return new Date(this.nowMs);
  }

  advance(byMs: number): void {
    this.nowMs += byMs;
  }
}
