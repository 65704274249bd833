/** The time of day, as a dependency: tests move it, nothing sleeps to make it pass. */
export abstract class Clock {
  abstract now(): Date;
}

/** The machine's own clock. */
export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }
}
