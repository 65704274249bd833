import type { PartLog } from './part-log.js';

/** Who is stopped first: nothing loses what it stands on before it has ended itself. */
const STOP_ORDER = ['gateway', 'worker', 'simulator', 'webhook receiver', 'Redis', 'PostgreSQL'] as const;

export type PartName = (typeof STOP_ORDER)[number];

/** Something that runs until it is stopped: a server, an app, the receiver. */
export interface Part {
  readonly name: PartName;
  readonly log?: PartLog;
  /** Settles with the exit code when it is gone, asked for or not. */
  readonly exited?: Promise<number>;
  stop(): Promise<unknown>;
  /** Ends it without waiting for anything. */
  kill?(): void;
}

/** Thrown out of the start when the stop has overtaken it. */
export class StackStopped extends Error {}

/** What runs, in whatever order it came up. */
export class Stack {
  private readonly parts: Part[] = [];
  private stopped: Promise<void> | undefined;

  /** Called once, with the first part that dies unasked. */
  constructor(private readonly onDeath: (part: Part, exitCode: number) => void) {}

  get isStopping(): boolean {
    return this.stopped !== undefined;
  }

  /** A part that finishes starting while the stack is being stopped is stopped too, and never forgotten. */
  async add<Added extends Part>(part: Added): Promise<Added> {
    if (this.stopped) {
      await part.stop();
      throw new StackStopped();
    }
    this.parts.push(part);
    void part.exited?.then((exitCode) => {
      if (!this.stopped) this.onDeath(part, exitCode);
    });
    return part;
  }

  /** Safe to repeat: all callers wait for the same end. */
  stop(): Promise<void> {
    this.stopped ??= this.stopParts();
    return this.stopped;
  }

  kill(): void {
    for (const part of this.parts) part.kill?.();
  }

  private async stopParts(): Promise<void> {
    for (const name of STOP_ORDER) {
      await Promise.all(this.parts.filter((part) => part.name === name).map((part) => part.stop()));
    }
  }
}
