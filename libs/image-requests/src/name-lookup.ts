import type { Account } from '#libs/accounts';
import type { CloudClient, CloudImage, ReadOutcome } from '#libs/cloud';
import type { SystemPostgres } from '#libs/postgres';
import type { Attempt } from './attempt.js';
import type { ImageRequest } from './image-request.js';
import type { ImageRequestWorkStore } from './image-request-work.store.js';
import type { Busy, ReadCalls, Rejected } from './read-calls.js';

/** `images` bear exactly the name, and belong to no other request of ours. */
export type NameLookupResult =
  | { readonly kind: 'looked'; readonly images: readonly CloudImage[]; readonly requestId: string | null }
  | Exclude<ReadOutcome<never>, { kind: 'read' }>
  | Busy
  | Rejected;

/** How far the cloud's clock may lie behind ours, and its rounding to whole seconds. */
const CLOCK_SLACK_MS = 5000;

/** Asks the cloud which images bear exactly a request's name, all pages of them. */
export class NameLookup {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: ImageRequestWorkStore,
    private readonly cloud: CloudClient,
    private readonly calls: ReadCalls,
  ) {}

  async look(account: Account, request: ImageRequest): Promise<NameLookupResult> {
    const images: CloudImage[] = [];
    for (let offset = 0; ;) {
      const from = offset;
      const page = await this.calls.make(account, request.region, (target) =>
        this.cloud.findImagesByName(target, request.imageName, from),
      );
      if (page.kind !== 'read') return page;
      images.push(...page.value.images);
      if (page.value.nextOffset === null) return { kind: 'looked', images, requestId: page.requestId };
      offset = page.value.nextOffset;
    }
  }

  /**
   * The image that the attempts must have made: one that the cloud named in an answer, else one made by CreateImage and
   * not before the first attempt that went unanswered began. The name was seen free before that attempt, so the image is
   * a stranger's only if it is another request's of ours, and those are left out.
   */
  async imageOfAttempts(
    request: ImageRequest,
    images: readonly CloudImage[],
    attempts: readonly Attempt[],
  ): Promise<CloudImage | null> {
    const candidates = imagesOfAttempts(images, attempts);
    const ids = candidates.map(({ imageId }) => imageId);
    const taken = new Set(await this.store.imagesOfOthers(this.postgres.db, request, ids));
    return candidates.find(({ imageId }) => !taken.has(imageId)) ?? null;
  }
}

/** Earliest first. */
export function imagesOfAttempts(images: readonly CloudImage[], attempts: readonly Attempt[]): readonly CloudImage[] {
  const named = new Set(attempts.flatMap(({ imageId }) => imageId ?? []));
  const unanswered = attempts.filter(({ outcome }) => outcome === 'unknown');
  const earliest = Math.min(...unanswered.map(({ startedAt }) => startedAt.getTime())) - CLOCK_SLACK_MS;
  return images
    .filter(
      ({ imageId, source, createdAt }) =>
        named.has(imageId) ||
        (unanswered.length > 0 && source === 'CREATE_IMAGE' && (createdAt === null || createdAt.getTime() >= earliest)),
    )
    .toSorted((a, b) => (a.createdAt?.getTime() ?? 0) - (b.createdAt?.getTime() ?? 0));
}
