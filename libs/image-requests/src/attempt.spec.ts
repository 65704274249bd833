import { newId } from '#libs/ids';
import { type Attempt, rejectedInARow, wasHeard } from './attempt.js';

const attempt = (outcome: Attempt['outcome'], code: string | null = null): Attempt => ({
  id: newId('att'),
  imageRequestId: newId('ireq'),
  tenantId: newId('ten'),
  number: 1,
  endpoint: 'cvm',
  region: 'ap-guangzhou',
  lane: 'lane',
  startedAt: new Date(0),
  tokenWaitMs: 0,
  finishedAt: null,
  durationMs: null,
  outcome,
  code,
  cause: null,
  upstreamRequestId: null,
  imageId: null,
});
const rejected = attempt('refused', 'AuthFailure.SecretIdNotFound');

describe('An attempt', () => {
  it.each([attempt(null), attempt('accepted'), attempt('unknown'), attempt('refused', 'ResourceInUse')])(
    'may have been heard by the cloud: $outcome $code',
    (each) => expect(wasHeard(each)).toBe(true),
  );

  it.each([attempt('not_sent'), rejected, attempt('refused', 'AuthFailure.TokenFailure')])(
    'has certainly not been heard: $outcome $code',
    (each) => expect(wasHeard(each)).toBe(false),
  );

  it('is counted among those turned away in a row, across those that were not sent', () => {
    expect(rejectedInARow([])).toBe(0);
    expect(rejectedInARow([attempt('refused', 'ResourceInUse')])).toBe(0);
    expect(rejectedInARow([rejected, attempt('unknown'), rejected, attempt('not_sent'), rejected])).toBe(2);
  });
});
