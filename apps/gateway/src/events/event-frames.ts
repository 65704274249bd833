import { cloudEvent, type SequencedEvent } from '#libs/events';

/** Events as a stream carries them. One that goes to many streams is written out once, and forgotten with the event. */
export class EventFrames {
  private readonly written = new WeakMap<SequencedEvent, Buffer>();

  of(event: SequencedEvent): Buffer {
    const known = this.written.get(event);
    if (known !== undefined) return known;
    // JSON has no line breaks outside of its texts, and none inside them, so the data always is one line.
    const data = JSON.stringify(cloudEvent(event));
    const frame = Buffer.from(`id: ${event.id}\nevent: ${event.type}\ndata: ${data}\n\n`);
    this.written.set(event, frame);
    return frame;
  }
}
