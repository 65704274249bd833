import type { ImageRequestView } from '#libs/image-requests';
import { stopAllProcesses, waitFor } from '#libs/testing';
import { EventLog } from '../support/event-log.js';
import { ended, finish, newImageName, orderFor } from '../support/image-requests.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

/** One row a code, written from the cloud's documents and not from the service's own table. */
type Expected = readonly [code: string, category: string, retryable: boolean];

/** Ends the request at the first answer. */
const FAILS: readonly Expected[] = [
  ['ImageQuotaLimitExceeded', 'quota', true],
  ['InvalidAccount.InsufficientBalance', 'credential', false],
  ['InvalidImageName.Duplicate', 'caller', false],
  ['InvalidInstance.NotSupported', 'caller', false],
  ['InvalidInstanceId.NotFound', 'caller', false],
  ['InvalidParameter.DataDiskIdContainsRootDisk', 'caller', false],
  ['InvalidParameter.DataDiskNotBelongSpecifiedInstance', 'caller', false],
  ['InvalidParameter.DuplicateSystemSnapshots', 'caller', false],
  ['InvalidParameter.InstanceImageNotSupport', 'caller', false],
  ['InvalidParameter.InvalidDependence', 'caller', false],
  ['InvalidParameter.LocalDataDiskNotSupport', 'caller', false],
  ['InvalidParameter.SnapshotNotFound', 'caller', false],
  ['InvalidParameter.SpecifyOneParameter', 'caller', false],
  ['InvalidParameter.SwapDiskNotSupport', 'caller', false],
  ['InvalidParameter.SystemSnapshotNotFound', 'caller', false],
  ['InvalidParameter.ValueTooLarge', 'caller', false],
  ['InvalidParameterConflict', 'caller', false],
  ['InvalidParameterValue.InvalidAppIdFormat', 'credential', false],
  ['InvalidParameterValue.InvalidImageFamily', 'caller', false],
  ['InvalidParameterValue.LimitExceeded', 'caller', false],
  ['InvalidParameterValue.PreheatNotSupportedInstanceType', 'caller', false],
  ['InvalidParameterValue.PreheatNotSupportedZone', 'caller', false],
  ['InvalidParameterValue.PreheatUnavailableZones', 'caller', false],
  ['InvalidParameterValue.TagKeyNotFound', 'caller', false],
  ['InvalidParameterValue.TagQuotaLimitExceeded', 'quota', true],
  ['InvalidParameterValue.TooLarge', 'caller', false],
  ['InvalidZone.MismatchRegion', 'caller', false],
  ['LimitExceeded.PreheatImageSnapshotOutOfQuota', 'quota', true],
  ['ResourceInsufficient.CloudDiskUnavailable', 'caller', false],
  ['UnsupportedOperation.EncryptedImagesNotSupported', 'caller', false],
  ['UnsupportedOperation.InstanceReinstallFailed', 'state', false],
  ['UnsupportedOperation.InstanceStateFreezing', 'state', false],
  ['UnsupportedOperation.InstanceStateRescueMode', 'state', false],
  ['UnsupportedOperation.InstanceStateTerminating', 'state', false],
  ['UnsupportedOperation.InvalidDiskFastRollback', 'caller', false],
  ['UnsupportedOperation.NotSupportInstanceImage', 'caller', false],
  ['UnsupportedOperation.PreheatImage', 'caller', false],
  ['UnsupportedOperation.SpecialInstanceType', 'caller', false],
  ['UnsupportedOperation.StoppedModeStopCharging', 'state', false],
  // The common codes that end a request.
  ['AuthFailure.MFAFailure', 'credential', false],
  ['AuthFailure.InvalidAuthorization', 'internal', false],
  ['AuthFailure.UnauthorizedOperation', 'credential', false],
  ['AuthFailure.CamRoleNameAuthenticateFailed', 'credential', false],
  ['UnauthorizedOperation', 'credential', false],
  ['UnauthorizedOperation.MFAExpired', 'credential', false],
  ['UnauthorizedOperation.MFANotFound', 'credential', false],
  ['UnauthorizedOperation.PermissionDenied', 'credential', false],
  ['UnauthorizedOperation.ImageNotBelongToAccount', 'credential', false],
  ['ResourceInsufficient', 'quota', true],
  ['FailedOperation', 'caller', false],
  ['LimitExceeded', 'quota', true],
  ['InvalidParameter', 'caller', false],
  ['InvalidParameterValue', 'caller', false],
  ['MissingParameter', 'caller', false],
  ['UnknownParameter', 'internal', false],
  ['InvalidAction', 'internal', false],
  ['NoSuchVersion', 'internal', false],
  ['NoSuchProduct', 'internal', false],
  ['ActionOffline', 'internal', false],
  ['UnsupportedProtocol', 'internal', false],
  ['InvalidRequest', 'internal', false],
  ['UnsupportedRegion', 'caller', false],
  ['UnsupportedOperation', 'caller', false],
  ['ResourceNotFound', 'caller', false],
  ['OperationDenied', 'caller', false],
  ['IpInBlacklist', 'credential', false],
  ['IpNotInWhitelist', 'credential', false],
  ['RequestSizeLimitExceeded', 'caller', false],
  ['ResponseSizeLimitExceeded', 'internal', false],
];

/** Passes by itself: the second call goes through. */
const PASSES: readonly string[] = [
  'MutexOperation.TaskRunning',
  'OperationDenied.InstanceOperationInProgress',
  'ResourceInUse',
  'ResourceInUse.DiskRollbacking',
  'ResourceUnavailable.SnapshotCreating',
  'UnsupportedOperation.InstanceStateEnterRescueMode',
  'UnsupportedOperation.InstanceStateEnterServiceLiveMigrate',
  'UnsupportedOperation.InstanceStateExitRescueMode',
  'UnsupportedOperation.InstanceStateRebooting',
  'UnsupportedOperation.InstanceStateServiceLiveMigrate',
  'UnsupportedOperation.InstanceStateStarting',
  'UnsupportedOperation.InstanceStateStopping',
  'ResourceUnavailable',
  'RequestLimitExceeded',
  'RequestLimitExceeded.UinLimitExceeded',
  'RequestLimitExceeded.GlobalRegionUinLimitExceeded',
  'RequestLimitExceeded.IPLimitExceeded',
  'AuthFailure.SignatureExpire',
];

/** The account's key is no good: the request waits until the account is repaired. */
const HOLDS: readonly string[] = [
  'AuthFailure.SecretIdNotFound',
  'AuthFailure.InvalidSecretId',
  'AuthFailure.SignatureFailure',
  // Of a key that is stored without a token.
  'AuthFailure.TokenFailure',
  'UnauthorizedOperation.InvalidToken',
];

/** Tells nothing of what happened: looked up, and called again only once the first call can't land any more. */
const UNKNOWN: readonly string[] = ['InternalError', 'InternalServerError', 'ServiceUnavailable'];

interface AuditedCall {
  readonly action: string;
  readonly outcome: string;
  readonly target: { readonly id: string };
  readonly upstream: { readonly code: string | null; readonly requestId: string | null } | null;
}

describe('the answer of the cloud', () => {
  let service: WholeService;
  let tenant: TestTenant;
  let eventLog: EventLog;

  beforeAll(async () => {
    service = await startWholeService();
    tenant = await service.createTenant('error codes');
    eventLog = new EventLog(tenant.api);
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await stopAllProcesses();
  }, 60_000);

  /** A request whose first call is answered with the code, and everything that was written about it. */
  async function provoke(code: string, kind: 'error' | 'error-after' = 'error', times = 1) {
    const imageName = newImageName();
    await service.simulator.addFaults({
      match: { action: 'CreateImage', imageName },
      times,
      effect: { kind, code },
    });
    const request = await finish(tenant, { imageName });
    const entries = await auditOf(request);
    const events = await eventLog.typesUntilEnd(request.id);
    return { request, events, calls: entries.filter((e) => e.action === 'cvm.CreateImage') };
  }

  async function auditOf(request: ImageRequestView): Promise<readonly AuditedCall[]> {
    const entries: AuditedCall[] = [];
    for (let cursor = ''; ;) {
      const page = await tenant.api.read<{ data: AuditedCall[]; nextCursor: string | null }>(
        `/v1/accounts/${tenant.account.id}/audit-log?limit=200${cursor}`,
      );
      entries.push(...page.data.filter((entry) => entry.target.id === request.id));
      if (page.nextCursor === null) return entries;
      cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
    }
  }

  it.each(FAILS)('%s ends the request as failed (%s, retryable: %p)', async (code, category, retryable) => {
    const { request, events, calls } = await provoke(code);

    expect(request).toMatchObject({
      status: 'failed',
      imageId: null,
      attempts: 1,
      error: { code, category, retryable },
    });
    expect(request.error?.upstreamRequestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(request.error?.hint).toMatch(/^[A-Z].{20,}\.$/s);
    expect(events).toEqual(['image_request.queued', 'image_request.failed']);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({
      outcome: 'failure',
      upstream: { code, requestId: request.error?.upstreamRequestId },
    });
  });

  it.each(PASSES)('%s is tried again until it passes', async (code) => {
    const { request, events, calls } = await provoke(code);

    expect(request).toMatchObject({ status: 'succeeded', attempts: 2, error: null });
    expect(request.imageId).toMatch(/^img-[0-9a-z]{8}$/);
    expect(events).toEqual(['image_request.queued', 'image_request.submitted', 'image_request.succeeded']);
    expect(calls.map((call) => [call.outcome, call.upstream?.code])).toEqual([
      ['failure', code],
      ['success', null],
    ]);
  });

  it.each(HOLDS)('%s keeps the request waiting until the account is repaired', async (code) => {
    const imageName = newImageName();
    const match = { action: 'CreateImage', imageName };
    await service.simulator.addFaults({ match, times: 1, effect: { kind: 'error', code } });
    const { id } = await tenant.api.created<ImageRequestView>('/v1/image-requests', orderFor(tenant, { imageName }));
    const waiting = await waitFor(
      async () => {
        const request = await tenant.api.read<ImageRequestView>(`/v1/image-requests/${id}`);
        return request.error === null ? null : request;
      },
      { timeoutMs: 15_000 },
    );
    await tenant.api.call('POST', `/v1/accounts/${tenant.account.id}/verify`);
    const request = await ended(tenant.api, id);

    expect(waiting).toMatchObject({
      status: 'queued',
      waitingFor: 'retry',
      attempts: 1,
      error: { code, category: 'credential' },
    });
    expect(request).toMatchObject({ status: 'succeeded', attempts: 2, error: null });
    expect(await eventLog.typesUntilEnd(id)).toEqual([
      'image_request.queued',
      'image_request.submitted',
      'image_request.succeeded',
    ]);
  });

  it.each(UNKNOWN)('%s of a call that did nothing is called again, once that is safe', async (code) => {
    const { request, events, calls } = await provoke(code);

    expect(request).toMatchObject({ status: 'succeeded', attempts: 2, error: null });
    expect(await service.simulator.images({ name: request.imageName })).toHaveLength(1);
    expect(events).toEqual(['image_request.queued', 'image_request.submitted', 'image_request.succeeded']);
    expect(calls.map((call) => [call.outcome, call.upstream?.code])).toEqual([
      ['failure', code],
      ['success', null],
    ]);
  });

  it.each(UNKNOWN)('%s of a call that made the image is never called again', async (code) => {
    const { request, calls } = await provoke(code, 'error-after');
    const [image] = await service.simulator.images({ name: request.imageName });

    expect(request).toMatchObject({ status: 'succeeded', attempts: 1, error: null, imageId: image?.imageId });
    expect(calls.map((call) => [call.outcome, call.upstream?.code])).toEqual([['failure', code]]);
  });

  it('takes DryRunOperation for the success of a dry run', async () => {
    const request = await finish(tenant, { dryRun: true });

    expect(request).toMatchObject({ status: 'succeeded', imageId: null, attempts: 1, error: null });
    expect(await service.simulator.images({ name: request.imageName })).toHaveLength(0);
  });

  it('tries again only once after AuthFailure.SignatureExpire', async () => {
    const code = 'AuthFailure.SignatureExpire';
    const { request } = await provoke(code, 'error', 2);

    expect(request).toMatchObject({ status: 'failed', attempts: 2, error: { code } });
  });
});
