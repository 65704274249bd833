import type { CodeCategory, CodeClass, CodeHandling, ErrorCode } from './error-code.js';

interface Behaviour {
  readonly handling: CodeHandling;
  readonly category: CodeCategory;
  readonly retryable: boolean;
}

/**
 * What a class usually comes to. A used-up quota fails at once, though it may be retried: only its owner knows whether
 * anything will be deleted, and should hear of it now rather than after hours of waiting.
 */
const BEHAVIOUR: Readonly<Record<CodeClass, Behaviour>> = {
  success: { handling: 'succeed', category: 'internal', retryable: false },
  caller: { handling: 'fail', category: 'caller', retryable: false },
  state: { handling: 'retry_state', category: 'state', retryable: true },
  quota: { handling: 'fail', category: 'quota', retryable: true },
  credential: { handling: 'fail', category: 'credential', retryable: false },
  refresh_token: { handling: 'refresh_credential', category: 'credential', retryable: false },
  own_clock: { handling: 'retry_once', category: 'internal', retryable: true },
  rate: { handling: 'retry_rate', category: 'rate_limit', retryable: true },
  reconcile: { handling: 'reconcile', category: 'caller', retryable: false },
  unknown: { handling: 'reconcile', category: 'unknown_outcome', retryable: true },
  bug: { handling: 'fail', category: 'internal', retryable: false },
};

function row(
  code: string,
  kind: CodeClass,
  meaning: string,
  hint: string,
  exception: Partial<Behaviour> = {},
): ErrorCode {
  return { code, listed: true, class: kind, ...BEHAVIOUR[kind], ...exception, meaning, hint };
}

/** Every code that is known, once. Whoever must act on a code reads its hint, so each is written for its code. */
export const ERROR_CODES: readonly ErrorCode[] = [
  // The codes that the page of CreateImage lists.
  row(
    'ImageQuotaLimitExceeded',
    'quota',
    'The image quota of the region is used up.',
    'Delete images that are no longer needed or have the image quota of this region raised, then retry the request.',
  ),
  row(
    'InvalidAccount.InsufficientBalance',
    'credential',
    'The balance of the cloud account is too low.',
    'Top up the cloud account, then retry the request.',
  ),
  row(
    'InvalidImageName.Duplicate',
    'reconcile',
    'The account already has an image of this name in the region.',
    'Choose another imageName, or delete or rename the image that bears this one.',
  ),
  row(
    'InvalidInstance.NotSupported',
    'caller',
    'Images cannot be made of this instance.',
    'Choose another instance; this one does not support images.',
  ),
  row(
    'InvalidInstanceId.NotFound',
    'caller',
    'The instance does not exist.',
    'Check instanceId, region and account. An instance that was launched a moment ago may be found a minute later.',
  ),
  row(
    'InvalidParameter.DataDiskIdContainsRootDisk',
    'caller',
    'The data disks include the system disk.',
    'Take the system disk out of dataDiskIds; it is part of every image of an instance.',
  ),
  row(
    'InvalidParameter.DataDiskNotBelongSpecifiedInstance',
    'caller',
    'A data disk belongs to another instance.',
    'Name in dataDiskIds only disks that are attached to this instance.',
  ),
  row(
    'InvalidParameter.DuplicateSystemSnapshots',
    'caller',
    'More than one of the snapshots is of a system disk.',
    'Leave exactly one snapshot of a system disk in snapshotIds.',
  ),
  row(
    'InvalidParameter.InstanceImageNotSupport',
    'caller',
    'Whole-machine images cannot be made this way.',
    'Leave dataDiskIds out to image the system disk alone.',
  ),
  row(
    'InvalidParameter.InvalidDependence',
    'caller',
    'A parameter needs another one that is missing or does not fit.',
    'Check that the fields fit together: dataDiskIds, forcePoweroff and sysprep need an instanceId.',
  ),
  row(
    'InvalidParameter.LocalDataDiskNotSupport',
    'caller',
    'A data disk is a local disk.',
    'Take local disks out of dataDiskIds; only cloud disks can be part of an image.',
  ),
  row(
    'InvalidParameter.SnapshotNotFound',
    'caller',
    'A snapshot does not exist.',
    'Check snapshotIds, region and account.',
  ),
  row(
    'InvalidParameter.SpecifyOneParameter',
    'caller',
    'None of several parameters is given of which one is required.',
    'Give an instanceId or snapshotIds.',
  ),
  row(
    'InvalidParameter.SwapDiskNotSupport',
    'caller',
    'A data disk is a swap disk.',
    'Take swap disks out of dataDiskIds.',
  ),
  row(
    'InvalidParameter.SystemSnapshotNotFound',
    'caller',
    'None of the snapshots is of a system disk.',
    'Add the snapshot of a system disk to snapshotIds; exactly one is needed.',
  ),
  row(
    'InvalidParameter.ValueTooLarge',
    'caller',
    'A parameter is too long.',
    'Shorten imageName to 60 and imageDescription to 256 characters at most.',
  ),
  row(
    'InvalidParameterConflict',
    'caller',
    'Two parameters exclude each other.',
    'Give either instanceId or snapshotIds, not both.',
  ),
  row(
    'InvalidParameterValue.InvalidAppIdFormat',
    'credential',
    'The AppID of the account is not valid.',
    'Check with the cloud that the account is in order; its AppID is not accepted.',
  ),
  row(
    'InvalidParameterValue.InvalidImageFamily',
    'caller',
    'The image family is not well formed.',
    'Change imageFamily, for example to lower-case words joined by dashes such as business-daily-update.',
  ),
  row(
    'InvalidParameterValue.LimitExceeded',
    'caller',
    'A list has too many values.',
    'Give fewer dataDiskIds, snapshotIds or tags.',
  ),
  row(
    'InvalidParameterValue.PreheatNotSupportedInstanceType',
    'caller',
    'The model of the instance does not support preheated images.',
    'Choose an instance of another model.',
  ),
  row(
    'InvalidParameterValue.PreheatNotSupportedZone',
    'caller',
    'The zone does not support preheated images.',
    'Choose an instance in another zone.',
  ),
  row(
    'InvalidParameterValue.PreheatUnavailableZones',
    'caller',
    'Preheated images are not available there.',
    'Choose an instance in another zone or region.',
  ),
  row(
    'InvalidParameterValue.TagKeyNotFound',
    'caller',
    'A tag does not exist.',
    'Create the tag in the cloud first, or leave it out of tags.',
  ),
  row(
    'InvalidParameterValue.TagQuotaLimitExceeded',
    'quota',
    'The tag quota of the account is used up.',
    'Send fewer tags, or delete tags that are no longer needed or have the tag quota raised, then retry the request.',
  ),
  row(
    'InvalidParameterValue.TooLarge',
    'caller',
    'A value is above its maximum.',
    'Shorten imageName to 60 and imageDescription to 256 characters at most.',
  ),
  row(
    'InvalidZone.MismatchRegion',
    'caller',
    'The zone does not belong to the region.',
    'Check region: the instance or the snapshots are elsewhere.',
  ),
  row(
    'LimitExceeded.PreheatImageSnapshotOutOfQuota',
    'quota',
    'The quota of preheated images in the zone is used up.',
    'Delete preheated images in this zone or have their quota raised, then retry the request.',
  ),
  row(
    'MutexOperation.TaskRunning',
    'reconcile',
    'The same task is running already.',
    'Wait until the running task on this instance has ended, then retry the request.',
    { handling: 'reconcile_then_retry_state', category: 'state', retryable: true },
  ),
  row(
    'OperationDenied.InstanceOperationInProgress',
    'state',
    'The instance is busy with another operation.',
    'Wait until the other operation on this instance has ended, then retry the request.',
    { handling: 'reconcile_then_retry_state' },
  ),
  row(
    'ResourceInUse',
    'state',
    'A resource is in use.',
    'Wait until the instance, disk or snapshot is free, then retry the request.',
  ),
  row(
    'ResourceInUse.DiskRollbacking',
    'state',
    'A disk is being rolled back to a snapshot.',
    'Wait until the rollback has ended, then retry the request.',
  ),
  row(
    'ResourceInsufficient.CloudDiskUnavailable',
    'caller',
    'The parameters of a cloud disk are not to specification.',
    'Check the type and size of the disks that the image is made of.',
  ),
  row(
    'ResourceUnavailable.SnapshotCreating',
    'state',
    'A snapshot is still being created.',
    'Wait until the snapshot is ready, then retry the request.',
  ),
  row(
    'UnsupportedOperation.EncryptedImagesNotSupported',
    'caller',
    'Encrypted images are not supported here.',
    'Choose an instance or snapshots whose disks are not encrypted.',
  ),
  row(
    'UnsupportedOperation.InstanceReinstallFailed',
    'caller',
    'The last reinstallation of the instance failed.',
    'Reinstall the instance successfully, then retry the request.',
    { category: 'state' },
  ),
  row(
    'UnsupportedOperation.InstanceStateEnterRescueMode',
    'state',
    'The instance is entering rescue mode.',
    'Take the instance out of rescue mode, then retry the request.',
  ),
  row(
    'UnsupportedOperation.InstanceStateEnterServiceLiveMigrate',
    'state',
    'The instance is about to be migrated by the cloud.',
    'Wait until the migration has ended, which may take long, then retry the request.',
  ),
  row(
    'UnsupportedOperation.InstanceStateExitRescueMode',
    'state',
    'The instance is leaving rescue mode.',
    'Wait until the instance has left rescue mode, then retry the request.',
  ),
  row(
    'UnsupportedOperation.InstanceStateFreezing',
    'caller',
    'The instance is frozen.',
    'Settle what froze the instance, usually a payment or a security matter, then retry the request.',
    { category: 'state' },
  ),
  row(
    'UnsupportedOperation.InstanceStateRebooting',
    'state',
    'The instance is rebooting.',
    'Wait until the instance is up, then retry the request.',
  ),
  row(
    'UnsupportedOperation.InstanceStateRescueMode',
    'caller',
    'The instance is in rescue mode.',
    'Take the instance out of rescue mode, then retry the request.',
    { category: 'state' },
  ),
  row(
    'UnsupportedOperation.InstanceStateServiceLiveMigrate',
    'state',
    'The instance is being migrated by the cloud.',
    'Wait until the migration has ended, which may take long, then retry the request.',
  ),
  row(
    'UnsupportedOperation.InstanceStateStarting',
    'state',
    'The instance is starting.',
    'Wait until the instance is up, then retry the request.',
  ),
  row(
    'UnsupportedOperation.InstanceStateStopping',
    'state',
    'The instance is stopping.',
    'Wait until the instance has stopped, then retry the request.',
  ),
  row(
    'UnsupportedOperation.InstanceStateTerminating',
    'caller',
    'The instance is being destroyed.',
    'Choose another instance, or make the image from snapshots.',
    { category: 'state' },
  ),
  row(
    'UnsupportedOperation.InvalidDiskFastRollback',
    'caller',
    'A disk does not support fast rollback.',
    'Choose disks or snapshots that support fast rollback.',
  ),
  row(
    'UnsupportedOperation.NotSupportInstanceImage',
    'caller',
    'The instance does not support whole-machine images.',
    'Leave dataDiskIds out to image the system disk alone.',
  ),
  row(
    'UnsupportedOperation.PreheatImage',
    'caller',
    'The account is not enabled for preheated images.',
    'Have the cloud enable preheated images for the account.',
  ),
  row(
    'UnsupportedOperation.SpecialInstanceType',
    'caller',
    'Instances of this special type are not supported.',
    'Choose an instance of another type.',
  ),
  row(
    'UnsupportedOperation.StoppedModeStopCharging',
    'caller',
    'The instance was stopped without charge, so its disk cannot be read.',
    'Start the instance, then retry the request.',
    { category: 'state' },
  ),

  // Other codes of CVM and STS that the same calls may meet.
  row(
    'InvalidFilter',
    'bug',
    'A filter is not known.',
    'Report this to whoever runs this service, with the upstream request id.',
  ),
  row(
    'InvalidFilterValue.LimitExceeded',
    'bug',
    'A filter has too many values.',
    'Report this to whoever runs this service, with the upstream request id.',
  ),
  row('InvalidImageId.Malformed', 'caller', 'An image id is not well formed.', 'Check the image id.'),
  row('InvalidImageId.NotFound', 'caller', 'The image does not exist.', 'Check the image id, region and account.'),
  row(
    'InvalidInstanceId.Malformed',
    'caller',
    'The instance id is not well formed.',
    'Check instanceId; it looks like ins-1a2b3c4d.',
  ),
  row(
    'InvalidParameter.AccessKeyNotSupport',
    'credential',
    'Keys of this kind are not supported here.',
    'Store a key pair of a root account, a sub-account or a role.',
  ),
  row(
    'InvalidParameter.InvalidParameterCoexistImageIdsFilters',
    'bug',
    'Image ids and filters were given together.',
    'Report this to whoever runs this service, with the upstream request id.',
  ),
  row('InvalidRegion.NotFound', 'caller', 'The region does not exist.', 'Check region.'),
  row(
    'InvalidRegion.Unavailable',
    'caller',
    'The region is not open to the account.',
    'Choose another region, or have the cloud open this one to the account.',
  ),
  row(
    'UnsupportedOperation.InstanceStateBanning',
    'caller',
    'The instance has been banned.',
    'Settle with the cloud why the instance was banned, then retry the request.',
    { category: 'state' },
  ),
  row(
    'UnsupportedOperation.InstanceStateCorrupted',
    'caller',
    'The instance is corrupted.',
    'Repair or replace the instance, or make the image from snapshots.',
    { category: 'state' },
  ),
  row(
    'UnsupportedOperation.InstanceStateExpired',
    'caller',
    'The instance has expired.',
    'Renew the instance, then retry the request.',
    { category: 'state' },
  ),
  row(
    'UnsupportedOperation.InstanceStateIsolating',
    'caller',
    'The instance is isolated, usually because a payment is overdue.',
    'Renew or restore the instance, then retry the request.',
    { category: 'state' },
  ),
  row(
    'UnsupportedOperation.InstanceStateLaunchFailed',
    'caller',
    'The instance failed to launch.',
    'Choose another instance.',
    { category: 'state' },
  ),
  row(
    'UnsupportedOperation.InstanceStateShutdown',
    'caller',
    'The instance is shut down and waits to be destroyed.',
    'Restore the instance or choose another one.',
    { category: 'state' },
  ),
  row(
    'UnsupportedOperation.InstanceStateTerminated',
    'caller',
    'The instance has been destroyed.',
    'Choose another instance, or make the image from snapshots.',
    { category: 'state' },
  ),
  row(
    'UnsupportedOperation.InstanceStatePending',
    'state',
    'The instance is still being created.',
    'Wait until the instance is up, then retry the request.',
  ),

  // The codes that every action of the cloud shares.
  row(
    'DryRunOperation',
    'success',
    'The request would have succeeded; only a dry run was asked for.',
    'Send the request without dryRun to create the image.',
  ),
  row(
    'RequestLimitExceeded',
    'rate',
    'The action was called too often in this region.',
    'Nothing needs to change: retry the request later, and keep other programs and consoles from using up the allowance of this account.',
  ),
  row(
    'RequestLimitExceeded.UinLimitExceeded',
    'rate',
    'The root account called too often.',
    'Nothing needs to change: retry the request later, and slow down what else calls the cloud with keys of this root account.',
  ),
  row(
    'RequestLimitExceeded.GlobalRegionUinLimitExceeded',
    'rate',
    'The root account called too often over all regions.',
    'Nothing needs to change: retry the request later, and slow down what else calls the cloud with keys of this root account.',
  ),
  row(
    'RequestLimitExceeded.IPLimitExceeded',
    'rate',
    'Too many calls came from one address.',
    'Nothing needs to change: retry the request later. Whoever runs this service should see what else calls the cloud from its address.',
  ),
  row(
    'AuthFailure.AccessKeyIllegal',
    'credential',
    'The key is not valid.',
    'Store another key pair for this account, then retry the request.',
  ),
  row(
    'AuthFailure.CamRoleNameAuthenticateFailed',
    'credential',
    'The name of the role could not be verified.',
    'Check that the role of this account exists and may be assumed.',
  ),
  row(
    'AuthFailure.InvalidAuthorization',
    'bug',
    'The authorization header is malformed.',
    'Report this to whoever runs this service, with the upstream request id.',
  ),
  row(
    'AuthFailure.InvalidSecretId',
    'credential',
    'The SecretId is not that of an API key.',
    'Store the right key pair for this account, then retry the request.',
  ),
  row(
    'AuthFailure.MFAFailure',
    'credential',
    'Multi-factor authentication failed.',
    'Store a key pair whose user may call the API without multi-factor authentication.',
  ),
  row(
    'AuthFailure.SecretIdNotFound',
    'credential',
    'The SecretId does not exist, was deleted or is disabled.',
    'Enable the key in the cloud or store another key pair for this account, then retry the request.',
  ),
  row(
    'AuthFailure.SignatureExpire',
    'own_clock',
    'The signature is more than five minutes off the time of the cloud.',
    'Retry the request later. Whoever runs this service must set the clock of its machines.',
  ),
  row(
    'AuthFailure.SignatureFailure',
    'credential',
    'The signature does not match.',
    'The SecretKey probably does not belong to the SecretId: store the right key pair for this account, then retry the request.',
  ),
  row(
    'AuthFailure.TokenFailure',
    'refresh_token',
    'The token of a temporary credential is wrong or has expired.',
    'Store a fresh temporary credential, or a permanent one, for this account, then retry the request.',
  ),
  row(
    'AuthFailure.UnauthorizedOperation',
    'credential',
    'The key may not do this.',
    'Grant the user or role cvm:CreateImage and cvm:DescribeImages on these resources, then retry the request.',
  ),
  row(
    'UnauthorizedOperation',
    'credential',
    'The account may not do this.',
    'Grant the user or role cvm:CreateImage and cvm:DescribeImages on these resources, then retry the request.',
  ),
  row(
    'UnauthorizedOperation.ImageNotBelongToAccount',
    'credential',
    'The image belongs to another account.',
    'Use the account that owns the image.',
  ),
  row(
    'UnauthorizedOperation.InvalidToken',
    'refresh_token',
    'The token of a temporary credential is not valid.',
    'Store a fresh temporary credential, or a permanent one, for this account, then retry the request.',
  ),
  row(
    'UnauthorizedOperation.MFAExpired',
    'credential',
    'The multi-factor authentication has expired.',
    'Store a key pair whose user may call the API without multi-factor authentication.',
  ),
  row(
    'UnauthorizedOperation.MFANotFound',
    'credential',
    'The user has no multi-factor authentication, though a policy asks for it.',
    'Store a key pair whose user may call the API without multi-factor authentication.',
  ),
  row(
    'UnauthorizedOperation.PermissionDenied',
    'credential',
    'A policy denies this.',
    'Grant the user or role cvm:CreateImage and cvm:DescribeImages on these resources, then retry the request.',
  ),
  row(
    'IpInBlacklist',
    'credential',
    'The address of this service is on a deny list of the account.',
    'Take the outgoing address of this service off the deny list, then retry the request.',
  ),
  row(
    'IpNotInWhitelist',
    'credential',
    'The address of this service is not on the allow list of the account.',
    'Put the outgoing address of this service on the allow list, then retry the request.',
  ),
  row(
    'InternalError',
    'unknown',
    'The cloud failed while handling the call; what it did is not known.',
    'It is not known whether the image was created. Look in the cloud for an image of this name before sending the request again.',
  ),
  row(
    'InternalServerError',
    'unknown',
    'The cloud failed while handling the call; what it did is not known.',
    'It is not known whether the image was created. Look in the cloud for an image of this name before sending the request again.',
  ),
  row(
    'ServiceUnavailable',
    'unknown',
    'The cloud was not available; what it did is not known.',
    'It is not known whether the image was created. Look in the cloud for an image of this name before sending the request again.',
  ),
  row(
    'ResourceUnavailable',
    'state',
    'A resource is not available just now.',
    'Wait until the instance, disk or snapshot is available, then retry the request.',
  ),
  row(
    'ResourceInsufficient',
    'quota',
    'The cloud or the account lacks the resources.',
    'Free resources or have the quota raised, then retry the request.',
  ),
  row(
    'LimitExceeded',
    'quota',
    'A quota is used up.',
    'Free resources or have the quota raised, then retry the request.',
  ),
  row(
    'FailedOperation',
    'caller',
    'The operation failed.',
    'Check the instance, its disks and the snapshots in the cloud; ask its support about the upstream request id if they are in order.',
  ),
  row('InvalidParameter', 'caller', 'A parameter is wrong.', 'Correct the field that the message names.'),
  row(
    'InvalidParameterValue',
    'caller',
    'The value of a parameter is wrong.',
    'Correct the field that the message names.',
  ),
  row('MissingParameter', 'caller', 'A required parameter is missing.', 'Add the field that the message names.'),
  row('OperationDenied', 'caller', 'The operation is denied.', 'See in the message why the cloud denies it.'),
  row(
    'ResourceNotFound',
    'caller',
    'A resource does not exist.',
    'Check instanceId, dataDiskIds, snapshotIds, region and account.',
  ),
  row(
    'UnsupportedOperation',
    'caller',
    'The operation is not supported.',
    'See in the message what the cloud does not support.',
  ),
  row('UnsupportedRegion', 'caller', 'The region does not offer this.', 'Choose another region.'),
  row('RequestSizeLimitExceeded', 'caller', 'The request is too big.', 'Give fewer ids and tags.'),
  row(
    'ResponseSizeLimitExceeded',
    'bug',
    'The answer would be too big.',
    'Report this to whoever runs this service, with the upstream request id.',
  ),
  row(
    'UnknownParameter',
    'bug',
    'A parameter is not known.',
    'Report this to whoever runs this service, with the upstream request id.',
  ),
  row(
    'ActionOffline',
    'bug',
    'The action has been taken offline.',
    'Report this to whoever runs this service, with the upstream request id.',
  ),
  row(
    'InvalidAction',
    'bug',
    'The action does not exist.',
    'Report this to whoever runs this service, with the upstream request id.',
  ),
  row(
    'InvalidRequest',
    'bug',
    'The request is malformed.',
    'Report this to whoever runs this service, with the upstream request id.',
  ),
  row(
    'NoSuchProduct',
    'bug',
    'The product does not exist.',
    'Report this to whoever runs this service, with the upstream request id.',
  ),
  row(
    'NoSuchVersion',
    'bug',
    'The version of the API does not exist.',
    'Report this to whoever runs this service, with the upstream request id.',
  ),
  row(
    'UnsupportedProtocol',
    'bug',
    'The protocol is not supported.',
    'Report this to whoever runs this service, with the upstream request id.',
  ),
];

/**
 * What is safe to assume of a code that is in no list. By its family alone it may wait for the pace, blame the
 * credential or count as unknown, for those harm nobody when wrong. It is never taken for a passing state: that would
 * repeat a request that can only fail. Families that name the request's fault are only labelled so.
 */
export function unlistedCode(code: string): ErrorCode {
  const family = code.split('.', 1)[0] ?? code;
  const kind = CLASS_OF_FAMILY.get(family);
  if (kind === undefined) return { ...row(code, 'bug', NOT_LISTED, HINT_TO_REPORT), listed: false };
  const parent = ERROR_CODES.find((entry) => entry.code === family);
  return { ...row(code, kind, parent?.meaning ?? NOT_LISTED, parent?.hint ?? HINT_BY_MESSAGE), listed: false };
}

const CLASS_OF_FAMILY: ReadonlyMap<string, CodeClass> = new Map([
  ['RequestLimitExceeded', 'rate'],
  ['AuthFailure', 'credential'],
  ['UnauthorizedOperation', 'credential'],
  ['InternalError', 'unknown'],
  ['InternalServerError', 'unknown'],
  ['ServiceUnavailable', 'unknown'],
  ['LimitExceeded', 'quota'],
  ['FailedOperation', 'caller'],
  ['InvalidParameter', 'caller'],
  ['InvalidParameterValue', 'caller'],
  ['MissingParameter', 'caller'],
  ['OperationDenied', 'caller'],
  ['ResourceNotFound', 'caller'],
  ['UnsupportedOperation', 'caller'],
]);

const NOT_LISTED = 'The cloud gave a code that this service does not know.';
const HINT_BY_MESSAGE = 'See in the message what the cloud objects to.';
const HINT_TO_REPORT =
  'See in the message what the cloud objects to, and report the code to whoever runs this service.';
