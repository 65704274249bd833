import fc from 'fast-check';
import { Secret } from '#libs/secret';
import { classify, CREDENTIAL_REJECTIONS, parseRateRefusal, rateScope, rejectsCredential } from './classify.js';
import { ERROR_CODES } from './error-codes.js';

/** The business codes as the page of CreateImage lists them. */
const DOCUMENTED = `
  ImageQuotaLimitExceeded InvalidAccount.InsufficientBalance InvalidImageName.Duplicate InvalidInstance.NotSupported
  InvalidInstanceId.NotFound InvalidParameter.DataDiskIdContainsRootDisk
  InvalidParameter.DataDiskNotBelongSpecifiedInstance InvalidParameter.DuplicateSystemSnapshots
  InvalidParameter.InstanceImageNotSupport InvalidParameter.InvalidDependence InvalidParameter.LocalDataDiskNotSupport
  InvalidParameter.SnapshotNotFound InvalidParameter.SpecifyOneParameter InvalidParameter.SwapDiskNotSupport
  InvalidParameter.SystemSnapshotNotFound InvalidParameter.ValueTooLarge InvalidParameterConflict
  InvalidParameterValue.InvalidAppIdFormat InvalidParameterValue.InvalidImageFamily
  InvalidParameterValue.LimitExceeded InvalidParameterValue.PreheatNotSupportedInstanceType
  InvalidParameterValue.PreheatNotSupportedZone InvalidParameterValue.PreheatUnavailableZones
  InvalidParameterValue.TagKeyNotFound InvalidParameterValue.TagQuotaLimitExceeded InvalidParameterValue.TooLarge
  InvalidZone.MismatchRegion LimitExceeded.PreheatImageSnapshotOutOfQuota MutexOperation.TaskRunning
  OperationDenied.InstanceOperationInProgress ResourceInUse ResourceInUse.DiskRollbacking
  ResourceInsufficient.CloudDiskUnavailable ResourceUnavailable.SnapshotCreating
  UnsupportedOperation.EncryptedImagesNotSupported UnsupportedOperation.InstanceReinstallFailed
  UnsupportedOperation.InstanceStateEnterRescueMode UnsupportedOperation.InstanceStateEnterServiceLiveMigrate
  UnsupportedOperation.InstanceStateExitRescueMode UnsupportedOperation.InstanceStateFreezing
  UnsupportedOperation.InstanceStateRebooting UnsupportedOperation.InstanceStateRescueMode
  UnsupportedOperation.InstanceStateServiceLiveMigrate UnsupportedOperation.InstanceStateStarting
  UnsupportedOperation.InstanceStateStopping UnsupportedOperation.InstanceStateTerminating
  UnsupportedOperation.InvalidDiskFastRollback UnsupportedOperation.NotSupportInstanceImage
  UnsupportedOperation.PreheatImage UnsupportedOperation.SpecialInstanceType
  UnsupportedOperation.StoppedModeStopCharging`
  .trim()
  .split(/\s+/);

/** The codes that all actions share. */
const COMMON = `
  RequestLimitExceeded RequestLimitExceeded.UinLimitExceeded RequestLimitExceeded.GlobalRegionUinLimitExceeded
  RequestLimitExceeded.IPLimitExceeded AuthFailure.SecretIdNotFound AuthFailure.InvalidSecretId
  AuthFailure.SignatureFailure AuthFailure.SignatureExpire AuthFailure.TokenFailure AuthFailure.MFAFailure
  AuthFailure.InvalidAuthorization AuthFailure.UnauthorizedOperation UnauthorizedOperation
  UnauthorizedOperation.InvalidToken UnauthorizedOperation.MFAExpired UnauthorizedOperation.MFANotFound
  UnauthorizedOperation.PermissionDenied UnauthorizedOperation.ImageNotBelongToAccount
  AuthFailure.CamRoleNameAuthenticateFailed DryRunOperation InternalError InternalServerError ServiceUnavailable
  ResourceUnavailable ResourceInUse ResourceInsufficient FailedOperation LimitExceeded InvalidParameter
  InvalidParameterValue MissingParameter UnknownParameter InvalidAction NoSuchVersion NoSuchProduct ActionOffline
  UnsupportedProtocol InvalidRequest UnsupportedRegion UnsupportedOperation ResourceNotFound OperationDenied
  IpInBlacklist IpNotInWhitelist RequestSizeLimitExceeded ResponseSizeLimitExceeded`
  .trim()
  .split(/\s+/);

describe('classify', () => {
  it('knows each of the 51 codes of CreateImage and each common code, once', () => {
    expect(new Set(DOCUMENTED).size).toBe(51);
    for (const code of [...DOCUMENTED, ...COMMON]) expect(classify(code)).toMatchObject({ code, listed: true });
    expect(new Set(ERROR_CODES.map((entry) => entry.code)).size).toBe(ERROR_CODES.length);
  });

  it('says of each code, in whole sentences, what it means and what to do', () => {
    for (const { meaning, hint } of ERROR_CODES) {
      expect(meaning).toMatch(/^[A-Z][^\n]{8,}\.$/);
      expect(hint).toMatch(/^[A-Z][^\n]{8,}\.$/);
    }
  });

  it('repeats only what passes by itself: a busy resource, a pace, a clock, a token', () => {
    const repeated = ERROR_CODES.filter(({ handling }) => !['fail', 'reconcile', 'succeed'].includes(handling));
    expect(repeated.map((entry) => `${entry.code} ${entry.handling}`)).toEqual([
      'MutexOperation.TaskRunning reconcile_then_retry_state',
      'OperationDenied.InstanceOperationInProgress reconcile_then_retry_state',
      'ResourceInUse retry_state',
      'ResourceInUse.DiskRollbacking retry_state',
      'ResourceUnavailable.SnapshotCreating retry_state',
      'UnsupportedOperation.InstanceStateEnterRescueMode retry_state',
      'UnsupportedOperation.InstanceStateEnterServiceLiveMigrate retry_state',
      'UnsupportedOperation.InstanceStateExitRescueMode retry_state',
      'UnsupportedOperation.InstanceStateRebooting retry_state',
      'UnsupportedOperation.InstanceStateServiceLiveMigrate retry_state',
      'UnsupportedOperation.InstanceStateStarting retry_state',
      'UnsupportedOperation.InstanceStateStopping retry_state',
      'UnsupportedOperation.InstanceStatePending retry_state',
      'RequestLimitExceeded retry_rate',
      'RequestLimitExceeded.UinLimitExceeded retry_rate',
      'RequestLimitExceeded.GlobalRegionUinLimitExceeded retry_rate',
      'RequestLimitExceeded.IPLimitExceeded retry_rate',
      'AuthFailure.SignatureExpire retry_once',
      'AuthFailure.TokenFailure refresh_credential',
      'UnauthorizedOperation.InvalidToken refresh_credential',
      'ResourceUnavailable retry_state',
    ]);
  });

  it('looks before it believes a duplicate or a breakdown', () => {
    const looked = ERROR_CODES.filter(({ handling }) => handling === 'reconcile').map(({ code }) => code);
    expect(looked).toEqual([
      'InvalidImageName.Duplicate',
      'InternalError',
      'InternalServerError',
      'ServiceUnavailable',
    ]);
  });

  it.each([
    ['ImageQuotaLimitExceeded', 'fail', 'quota', true],
    ['LimitExceeded.PreheatImageSnapshotOutOfQuota', 'fail', 'quota', true],
    ['InvalidParameterValue.TagQuotaLimitExceeded', 'fail', 'quota', true],
    ['InvalidParameterValue.LimitExceeded', 'fail', 'caller', false],
    ['ResourceInsufficient.CloudDiskUnavailable', 'fail', 'caller', false],
    ['UnsupportedOperation.InstanceStateTerminating', 'fail', 'state', false],
    ['UnsupportedOperation.InstanceStateStarting', 'retry_state', 'state', true],
    ['FailedOperation', 'fail', 'caller', false],
    ['AuthFailure.SecretIdNotFound', 'fail', 'credential', false],
    ['UnknownParameter', 'fail', 'internal', false],
    ['DryRunOperation', 'succeed', 'internal', false],
  ])('goes by the full code: %s', (code, handling, category, retryable) => {
    expect(classify(code)).toMatchObject({ handling, category, retryable });
  });

  it.each([
    ['RequestLimitExceeded.SomethingNew', 'rate', 'retry_rate', 'rate_limit'],
    ['AuthFailure.SomethingNew', 'credential', 'fail', 'credential'],
    ['UnauthorizedOperation.SomethingNew', 'credential', 'fail', 'credential'],
    ['InternalError.SomethingNew', 'unknown', 'reconcile', 'unknown_outcome'],
    ['InternalServerError.SomethingNew', 'unknown', 'reconcile', 'unknown_outcome'],
    ['ServiceUnavailable.SomethingNew', 'unknown', 'reconcile', 'unknown_outcome'],
    ['LimitExceeded.SomethingNew', 'quota', 'fail', 'quota'],
    ['InvalidParameterValue.SomethingNew', 'caller', 'fail', 'caller'],
    ['UnsupportedOperation.InstanceStateSomethingNew', 'caller', 'fail', 'caller'],
    ['ResourceInUse.SomethingNew', 'bug', 'fail', 'internal'],
    ['SomethingNew', 'bug', 'fail', 'internal'],
  ])('takes the unlisted %s for what is safe', (code, kind, handling, category) => {
    expect(classify(code)).toMatchObject({ code, listed: false, class: kind, handling, category });
  });

  it('never repeats a code that nobody knows, unless its family says that nothing was done', () => {
    const family = fc.stringMatching(/^[A-Z][A-Za-z]{0,12}$/);
    fc.assert(
      fc.property(family, family, (first, second) => {
        const { handling, listed } = classify(`${first}.${second}`);
        expect(listed || ['fail', 'reconcile', 'retry_rate'].includes(handling)).toBe(true);
      }),
    );
    for (const code of ['', '.', '__proto__', 'constructor', 'toString.x'])
      expect(classify(code)).toMatchObject({ listed: false, handling: 'fail' });
  });
});

describe('parseRateRefusal', () => {
  it.each([
    [
      'Your current request times equals to `21` in a second, which exceeds the frequency limit `20` for a second. Please reduce the frequency of calls.',
      { countedCalls: 21, enforcedLimit: 20 },
    ],
    ['which exceeds the frequency limit 5 for a second', { countedCalls: null, enforcedLimit: 5 }],
    ['You are calling too often.', { countedCalls: null, enforcedLimit: null }],
    ['the frequency limit `0` for a second', { countedCalls: null, enforcedLimit: null }],
    ['', { countedCalls: null, enforcedLimit: null }],
  ])('reads the numbers that the cloud names: %s', (message, numbers) => {
    expect(parseRateRefusal(message)).toEqual(numbers);
  });
});

describe('rateScope', () => {
  it.each([
    ['RequestLimitExceeded', 'lane'],
    ['RequestLimitExceeded.UinLimitExceeded', 'account'],
    ['RequestLimitExceeded.GlobalRegionUinLimitExceeded', 'account'],
    ['RequestLimitExceeded.IPLimitExceeded', 'all'],
    ['RequestLimitExceeded.SomethingNew', 'account'],
  ])('says whose pace %s is about', (code, scope) => {
    expect(rateScope(code)).toBe(scope);
  });
});

describe('rejectsCredential', () => {
  const permanent = { token: null };
  const temporary = { token: new Secret('token') };

  it.each([
    'AuthFailure.SecretIdNotFound',
    'AuthFailure.InvalidSecretId',
    'AuthFailure.SignatureFailure',
    'AuthFailure.AccessKeyIllegal',
    'AuthFailure.TokenFailure',
    'UnauthorizedOperation.InvalidToken',
  ])('holds %s against a key that is stored, and not against one of a session, which is renewed', (code) => {
    expect(rejectsCredential(code, permanent)).toBe(true);
    expect(rejectsCredential(code, temporary)).toBe(false);
  });

  it('holds neither rights nor balance, addresses, our clock nor what it does not know against a key', () => {
    const others = ERROR_CODES.map(({ code }) => code).filter((code) => !CREDENTIAL_REJECTIONS.includes(code));
    for (const code of [...others, 'AuthFailure.SomethingNew', 'AuthFailure'])
      expect(rejectsCredential(code, permanent)).toBe(false);
    for (const code of CREDENTIAL_REJECTIONS) expect(classify(code).category).toBe('credential');
  });
});
