/** Everything one CreateImage call says. Exactly one of `instanceId` and `snapshotIds` is given. */
export interface CreateImageCall {
  readonly imageName: string;
  readonly instanceId: string | null;
  readonly snapshotIds: readonly string[];
  readonly dataDiskIds: readonly string[];
  readonly imageDescription: string | null;
  readonly forcePoweroff: boolean;
  readonly sysprep: boolean;
  readonly dryRun: boolean;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly imageFamily: string | null;
}

/** The call as the cloud's JSON has it. A type of our own, since the SDK's admits anything optional. */
interface CreateImageParameters {
  ImageName: string;
  InstanceId?: string;
  SnapshotIds?: string[];
  DataDiskIds?: string[];
  ImageDescription?: string;
  ForcePoweroff?: 'true' | 'false';
  Sysprep?: 'true';
  DryRun?: true;
  TagSpecification?: { ResourceType: 'image'; Tags: { Key: string; Value: string }[] }[];
  ImageFamily?: string;
}

/**
 * Sends what was asked for and nothing else: the cloud refuses parameters it does not know or that do not fit together.
 * The one exception is `ForcePoweroff`, always sent with an instance, because the cloud's page contradicts itself on
 * what its absence means, and to power a machine off must never be a guess.
 */
export function createImageParameters(call: CreateImageCall): CreateImageParameters {
  return {
    ImageName: call.imageName,
    ...(call.instanceId !== null && {
      InstanceId: call.instanceId,
      ForcePoweroff: call.forcePoweroff ? 'true' : 'false',
    }),
    ...(call.instanceId !== null && call.sysprep && { Sysprep: 'true' }),
    ...(call.snapshotIds.length > 0 && { SnapshotIds: [...call.snapshotIds] }),
    ...(call.dataDiskIds.length > 0 && { DataDiskIds: [...call.dataDiskIds] }),
    ...(call.imageDescription !== null && { ImageDescription: call.imageDescription }),
    ...(call.dryRun && { DryRun: true }),
    ...(call.tags.length > 0 && {
      TagSpecification: [
        { ResourceType: 'image', Tags: call.tags.map(({ key, value }) => ({ Key: key, Value: value })) },
      ],
    }),
    ...(call.imageFamily !== null && { ImageFamily: call.imageFamily }),
  };
}
