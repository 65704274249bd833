import 'reflect-metadata';
import { STALLED_AFTER } from './queue-workers.js';
import { SubmissionProcessor } from './submission.processor.js';
import { TrackingProcessor } from './tracking.processor.js';
import { WebhookDeliveryProcessor } from './webhook-delivery.processor.js';

describe('Queue workers', () => {
  it.each([SubmissionProcessor, TrackingProcessor, WebhookDeliveryProcessor])(
    'take the job of a dead worker over alike: %p',
    (processor) => {
      expect(Reflect.getMetadata('bullmq:worker_metadata', processor)).toMatchObject(STALLED_AFTER);
    },
  );
});
