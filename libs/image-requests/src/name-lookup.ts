import type { Account } from '#libs/accounts';
import type { CloudClient, CloudImage } from '#libs/cloud';
import type { Lanes } from '#libs/lanes';
import type { Attempt } from './attempt.js';
import type { CloudAccess } from './cloud-access.js';
import type { ImageRequest } from './image-request.js';
import type { LaneEntrance } from './lane-entrance.js';
import type { Pacing } from './pacing.js';

export type NameLookupResult =
  | { readonly kind: 'looked'; readonly images: readonly CloudImage[]; readonly requestId: string | null }
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      readonly requestId: string | null;
    }
  | { readonly kind: 'unavailable'; readonly cause: string };

/** How far the cloud's clock may lie behind ours, and its rounding to whole seconds. */
const CLOCK_SLACK_MS = 5000;

/** Asks the cloud which images bear exactly a request's name, all pages of them, each page with a token of its own. */
export class NameLookup {
  constructor(
    private readonly cloud: CloudClient,
    private readonly access: CloudAccess,
    private readonly lanes: Lanes,
    private readonly entrance: LaneEntrance,
    private readonly pacing: Pacing,
  ) {}

  async look(account: Account, request: ImageRequest): Promise<NameLookupResult> {
    const lane = this.entrance.laneOf(account, request.region, 'DescribeImages');
    const target = await this.access.targetOf(account, request.region);
    const images: CloudImage[] = [];
    for (let offset = 0; ;) {
      const lease = await this.lanes.take(lane);
      const page = await this.cloud.findImagesByName(target, request.imageName, offset);
      await this.lanes.rest(lease);
      if (page.kind === 'refused') await this.pacing.heed(lane, page);
      if (page.kind !== 'read') return page;
      images.push(...page.value.images);
      if (page.value.nextOffset === null) return { kind: 'looked', images, requestId: page.requestId };
      offset = page.value.nextOffset;
    }
  }
}

/**
 * The image that one of the attempts must have made: made by CreateImage, and not before the first attempt that went
 * unanswered began. The name was seen free before that attempt, so it is nobody else's.
 */
export function imageOfAttempts(images: readonly CloudImage[], unanswered: readonly Attempt[]): CloudImage | null {
  const earliest = Math.min(...unanswered.map((attempt) => attempt.startedAt.getTime())) - CLOCK_SLACK_MS;
  const ours = images.filter(
    (image) => image.source === 'CREATE_IMAGE' && (image.createdAt === null || image.createdAt.getTime() >= earliest),
  );
  return ours.toSorted((a, b) => (a.createdAt?.getTime() ?? 0) - (b.createdAt?.getTime() ?? 0))[0] ?? null;
}
