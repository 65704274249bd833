import { CommonClient, type ClientConfig } from 'tencentcloud-sdk-nodejs-common';
import { cvm } from 'tencentcloud-sdk-nodejs-cvm';
import type { Site } from '#libs/config';
import { classify } from './classify.js';
import { type CloudAgents, createCloudAgents } from './cloud-agents.js';
import { callCloud, type CloudAnswer, type CloudCredential } from './cloud-call.js';
import type { CallerIdentity, CloudImage, ImageNamePage, TemporaryCredential } from './cloud-image.js';
import { type CreateImageCall, createImageParameters } from './create-image-call.js';
import { type Endpoints, isFinanceRegion, STS_REGION } from './endpoints.js';
import type { CreateImageOutcome, ReadOutcome } from './outcomes.js';
import { readCallerIdentity, readImageNamePage, readImages, readTemporaryCredential } from './read-answer.js';

/** Which key signs, and where the call goes. */
export interface SignedTarget {
  readonly credential: CloudCredential;
  readonly site: Site;
  readonly region: string;
}

/** The same for an account of a tenant's. */
export interface CloudTarget extends SignedTarget {
  /** Which of the account's credentials signs: it grows with each rotation, so a late answer is not taken for the new one's. */
  readonly credentialVersion: number;
}

/** What is asked of a role. */
export interface RoleSessionOrder {
  readonly roleArn: string;
  /** 2 to 128 of letters, digits and `_=,.@-`. Shows up in the audit of the role's owner. */
  readonly sessionName: string;
  readonly externalId: string;
  readonly durationSeconds: number;
}

/** What the caller of one call wants to stop it by, or to know while it is under way. */
export interface CallWatch {
  readonly signal?: AbortSignal | undefined;
  /**
   * Called once the system has taken the whole call for a connection that stood already; never for a call that has to dial
   * first, whose transit nobody can bound.
   */
  readonly onSentWarm?: (() => void) | undefined;
}

export interface CloudClientOptions {
  readonly endpoints: Endpoints;
  /** For a whole call, from looking up the host to the last byte. */
  readonly timeoutMs: number;
  readonly agents?: CloudAgents;
}

/** The cloud takes no more ids than this in one call, and lists no more images on one page. */
const PAGE_SIZE = 100;

/**
 * Speaks to the cloud. Each method makes exactly one call: it retries nothing, waits for no token and follows no
 * redirect. Safe to use from many calls at once.
 *
 * What happens on the way is an outcome; only a call that this service should not have made throws, before it is sent.
 * Credentials are opened for the one call and appear in no outcome.
 */
export class CloudClient {
  private readonly agents: CloudAgents;

  constructor(private readonly options: CloudClientOptions) {
    this.agents = options.agents ?? createCloudAgents();
  }

  /** `traceId` goes along as `X-TC-TraceId`, so the cloud's support can find the call. Not safe to repeat: it has no token that makes it so. */
  async createImage(
    target: SignedTarget,
    call: CreateImageCall,
    traceId: string,
    watch: CallWatch = {},
  ): Promise<CreateImageOutcome> {
    const began = performance.now();
    const answer = await this.callCvm('CreateImage', target, createImageParameters(call), traceId, watch);
    return createImageOutcome(answer, call.dryRun, millisecondsSince(began));
  }

  /** At most 100 ids. An image that the cloud does not show is left out, and a new one may not show for a while. */
  async describeImages(
    target: SignedTarget,
    imageIds: readonly string[],
    traceId?: string,
    signal?: AbortSignal,
  ): Promise<ReadOutcome<readonly CloudImage[]>> {
    if (imageIds.length > PAGE_SIZE) throw new Error(`at most ${PAGE_SIZE} images can be described at once`);
    // Without ids the cloud would list every image there is.
    if (imageIds.length === 0) return { kind: 'read', value: [], requestId: null, durationMs: 0 };
    const began = performance.now();
    const parameters = { ImageIds: [...imageIds], Limit: imageIds.length };
    const answer = await this.callCvm('DescribeImages', target, parameters, traceId, { signal });
    return readOutcome(answer, readImages, millisecondsSince(began));
  }

  /** One page of the account's own images that bear exactly this name. Follow `nextOffset` until it is null: the cloud's filter is fuzzy. */
  async findImagesByName(
    target: SignedTarget,
    imageName: string,
    offset = 0,
    traceId?: string,
    signal?: AbortSignal,
  ): Promise<ReadOutcome<ImageNamePage>> {
    const began = performance.now();
    const parameters = {
      Filters: [
        { Name: 'image-name', Values: [imageName] },
        { Name: 'image-type', Values: ['PRIVATE_IMAGE'] },
      ],
      Offset: offset,
      Limit: PAGE_SIZE,
    };
    const answer = await this.callCvm('DescribeImages', target, parameters, traceId, { signal });
    return readOutcome(answer, (body) => readImageNamePage(body, imageName, offset), millisecondsSince(began));
  }

  /** Whose credential this is. The region decides only between finance hosts and the site's general one. */
  async getCallerIdentity(
    target: SignedTarget,
    traceId?: string,
    signal?: AbortSignal,
  ): Promise<ReadOutcome<CallerIdentity>> {
    const began = performance.now();
    const answer = await this.callSts('GetCallerIdentity', target, {}, traceId, signal);
    return readOutcome(answer, readCallerIdentity, millisecondsSince(began));
  }

  /** A session of the role, signed for by whoever the role trusts. Each call makes another one; all live until they expire. */
  async assumeRole(
    target: SignedTarget,
    order: RoleSessionOrder,
    traceId?: string,
    signal?: AbortSignal,
  ): Promise<ReadOutcome<TemporaryCredential>> {
    const began = performance.now();
    const parameters = {
      RoleArn: order.roleArn,
      RoleSessionName: order.sessionName,
      DurationSeconds: order.durationSeconds,
      ExternalId: order.externalId,
    };
    const answer = await this.callSts('AssumeRole', target, parameters, traceId, signal);
    return readOutcome(answer, readTemporaryCredential, millisecondsSince(began));
  }

  /** Closes the warm connections, so that the process can end. */
  close(): void {
    this.agents.http.destroy();
    this.agents.https.destroy();
  }

  private callSts(
    action: string,
    { site, region, credential }: SignedTarget,
    parameters: object,
    traceId: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<CloudAnswer> {
    const endpoint = this.options.endpoints.sts(site, region);
    return callCloud(
      {
        client: (config) => new CommonClient(endpoint.host, '2018-08-13', config),
        action,
        endpoint,
        region: isFinanceRegion(region) ? region : STS_REGION,
        credential,
        parameters,
        traceId,
        signal,
      },
      this.agents,
      this.options.timeoutMs,
    );
  }

  private callCvm(
    action: string,
    { site, region, credential }: SignedTarget,
    parameters: object,
    traceId: string | undefined,
    { signal, onSentWarm }: CallWatch,
  ): Promise<CloudAnswer> {
    const endpoint = this.options.endpoints.cvm(site, region);
    const client = (config: ClientConfig) => new cvm.v20170312.Client(config);
    return callCloud(
      { client, action, endpoint, region, credential, parameters, traceId, signal, onSentWarm },
      this.agents,
      this.options.timeoutMs,
    );
  }
}

function createImageOutcome(answer: CloudAnswer, dryRun: boolean, durationMs: number): CreateImageOutcome {
  if (answer.kind === 'broken') {
    const { cause, mayHaveSent } = answer;
    if (!mayHaveSent) return { kind: 'not_sent', cause, durationMs };
    return { kind: 'unknown', cause, code: null, requestId: null, durationMs };
  }

  const { requestId } = answer;
  if (answer.kind === 'error') {
    const { code, message } = answer;
    const known = classify(code);
    if (known.class === 'unknown')
      return { kind: 'unknown', cause: 'the cloud broke down', code, requestId, durationMs };
    if (known.class !== 'success') return { kind: 'refused', code, message, requestId, durationMs };
    if (dryRun) return { kind: 'accepted', imageId: null, requestId, durationMs };
    return { kind: 'unknown', cause: 'the cloud took it for a dry run', code, requestId, durationMs };
  }

  const imageId = answer.body['ImageId'];
  if (typeof imageId === 'string' && imageId !== '') return { kind: 'accepted', imageId, requestId, durationMs };
  // A dry run that passes may answer either way: with the code DryRunOperation, or like this.
  if (dryRun && requestId !== null) return { kind: 'accepted', imageId: null, requestId, durationMs };
  return { kind: 'unknown', cause: 'the answer names no image', code: null, requestId, durationMs };
}

function readOutcome<T>(
  answer: CloudAnswer,
  read: (body: Readonly<Record<string, unknown>>) => T | null,
  durationMs: number,
): ReadOutcome<T> {
  if (answer.kind === 'broken') return { kind: 'unavailable', cause: answer.cause, durationMs };

  const { requestId } = answer;
  if (answer.kind === 'error') {
    const { code, message } = answer;
    if (classify(code).class === 'unknown') return { kind: 'unavailable', cause: code, durationMs };
    return { kind: 'refused', code, message, requestId, durationMs };
  }

  const value = read(answer.body);
  if (value === null) return { kind: 'unavailable', cause: 'the answer lacks what was asked for', durationMs };
  return { kind: 'read', value, requestId, durationMs };
}

function millisecondsSince(began: number): number {
  return Math.round(performance.now() - began);
}
