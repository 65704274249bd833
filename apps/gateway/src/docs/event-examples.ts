import type { AccountView } from '#libs/accounts';
import type { CloudEventEnvelope, EventType } from '#libs/events';
import type { ImageRequestView } from '#libs/image-requests';
import type { EndpointSnapshot } from '#libs/webhooks';

const TENANT_ID = 'ten_01kdyb2r8jeq5s9yr9m0t2x4va';
const ACCOUNT_ID = 'acc_01kdyb3e5wf0n8v6q2c4z7h1ds';
const ENDPOINT_ID = 'whe_01kdyb47fmf3brx1w5k9t0p6ae';

const QUEUED: ImageRequestView = {
  id: 'ireq_01kdyc9pn6f8d8tq7xj2v4m0sg',
  tenantId: TENANT_ID,
  accountId: ACCOUNT_ID,
  region: 'ap-guangzhou',
  imageName: 'myImage',
  instanceId: 'ins-6pb6lrmy',
  snapshotIds: [],
  dataDiskIds: [],
  imageDescription: null,
  forcePoweroff: false,
  sysprep: false,
  dryRun: false,
  tags: [{ key: 'team', value: 'build' }],
  imageFamily: null,
  priority: 5,
  startDeadline: null,
  metadata: { build: '1842' },
  status: 'queued',
  waitingFor: 'token',
  queue: null,
  imageId: null,
  attempts: 0,
  error: null,
  createdAt: '2026-01-02T03:04:05.006Z',
  submittedAt: null,
  completedAt: null,
  updatedAt: '2026-01-02T03:04:05.006Z',
};

const SUBMITTED: ImageRequestView = {
  ...QUEUED,
  status: 'creating',
  waitingFor: null,
  imageId: 'img-0yc6rie8',
  attempts: 1,
  submittedAt: '2026-01-02T03:04:05.412Z',
  updatedAt: '2026-01-02T03:04:05.412Z',
};

const SUCCEEDED: ImageRequestView = {
  ...SUBMITTED,
  status: 'succeeded',
  completedAt: '2026-01-02T03:07:40.118Z',
  updatedAt: '2026-01-02T03:07:40.118Z',
};

const FAILED: ImageRequestView = {
  ...QUEUED,
  status: 'failed',
  waitingFor: null,
  attempts: 1,
  error: {
    code: 'InvalidInstanceId.NotFound',
    message: 'The specified InstanceId does not exist.',
    category: 'caller',
    retryable: false,
    upstreamRequestId: '3c140219-cfe9-470e-b241-907877d6fb03',
    hint: 'Check the instance id and the region, then order again.',
  },
  completedAt: '2026-01-02T03:04:05.412Z',
  updatedAt: '2026-01-02T03:04:05.412Z',
};

const CANCELED: ImageRequestView = {
  ...QUEUED,
  status: 'canceled',
  waitingFor: null,
  completedAt: '2026-01-02T03:04:09.250Z',
  updatedAt: '2026-01-02T03:04:09.250Z',
};

const ENDPOINT: EndpointSnapshot = {
  id: ENDPOINT_ID,
  url: 'https://hooks.example.com/images',
  eventTypes: null,
  accountIds: null,
  description: 'builds',
  status: 'enabled',
  signatureSchemes: ['v1'],
  createdAt: '2026-01-01T09:00:00.000Z',
};

const ACCOUNT: AccountView = {
  id: ACCOUNT_ID,
  name: 'production',
  site: 'intl',
  status: 'active',
  uin: '100000000001',
  userId: '200000000001',
  credential: {
    type: 'static',
    secretIdHint: 'AKID…wxyz',
    roleArn: null,
    externalId: null,
    version: 1,
    rotatedAt: '2026-01-01T08:30:00.000Z',
    rejectedAt: '2026-01-05T11:20:30.400Z',
    rejectedCode: 'AuthFailure.SecretIdNotFound',
  },
  createdAt: '2026-01-01T08:30:00.000Z',
};

function ofRequest(id: string, sequence: number, type: EventType, imageRequest: ImageRequestView): CloudEventEnvelope {
  const { id: subject, updatedAt: time } = imageRequest;
  return envelope({ id, source: `/accounts/${ACCOUNT_ID}`, type, subject, time, sequence, data: { imageRequest } });
}

function ofEndpoint(id: string, sequence: number, type: EventType, time: string, data: object): CloudEventEnvelope {
  return envelope({ id, source: `/tenants/${TENANT_ID}`, type, subject: ENDPOINT_ID, time, sequence, data });
}

function envelope(fields: Omit<CloudEventEnvelope, 'specversion' | 'datacontenttype'>): CloudEventEnvelope {
  const { id, source, type, subject, time, sequence, data } = fields;
  const datacontenttype = 'application/json';
  return { specversion: '1.0', id, source, type, subject, time, datacontenttype, sequence, data };
}

/** One event of each type as it is really sent; a test holds each to the schema of its type. */
export const EVENT_EXAMPLES: Readonly<Record<EventType, CloudEventEnvelope>> = {
  'image_request.queued': ofRequest('evt_01kdyc9pn6ep7bkzq4xw1v8j2m', 41, 'image_request.queued', QUEUED),
  'image_request.submitted': ofRequest('evt_01kdyc9q1xe8r9r6n3b5d7f0ha', 42, 'image_request.submitted', SUBMITTED),
  'image_request.succeeded': ofRequest('evt_01kdycg8nyfq1sj8m2k4p6t0wc', 43, 'image_request.succeeded', SUCCEEDED),
  'image_request.failed': ofRequest('evt_01kdyc9q1xf5kt1v3x7z9b2d4e', 42, 'image_request.failed', FAILED),
  'image_request.canceled': ofRequest('evt_01kdyc9ttje0g2h4j6k8m0n2pq', 42, 'image_request.canceled', CANCELED),
  'webhook_endpoint.disabled': ofEndpoint(
    'evt_01ke1h2m3ne4p5q6r7s8t9v0wx',
    57,
    'webhook_endpoint.disabled',
    '2026-01-03T12:00:00.250Z',
    { webhookEndpoint: { ...ENDPOINT, status: 'disabled' }, reason: 'gone' },
  ),
  'webhook_endpoint.test': ofEndpoint(
    'evt_01kdvd0a1bec2d3e4f5g6h7j8k',
    1,
    'webhook_endpoint.test',
    '2026-01-01T09:05:00.000Z',
    { webhookEndpoint: ENDPOINT },
  ),
  'account.credential_rejected': envelope({
    id: 'evt_01ke6mz9a2fb3c4d5e6f7g8h9j',
    source: `/accounts/${ACCOUNT_ID}`,
    type: 'account.credential_rejected',
    subject: ACCOUNT_ID,
    time: '2026-01-05T11:20:30.400Z',
    sequence: 63,
    data: { account: ACCOUNT },
  }),
};
