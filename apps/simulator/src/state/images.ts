import { cloudTime, type CloudClock } from '../clock.js';
import type { SeededRandom } from '../random.js';

export type ImageState = 'CREATING' | 'NORMAL' | 'CREATEFAILED' | 'SYNCING' | 'IMPORTING' | 'IMPORTFAILED' | 'USING';

export interface Tag {
  Key: string;
  Value: string;
}

export interface ImageOrder {
  uin: string;
  region: string;
  name: string;
  description: string;
  /** Null for an image made of snapshots. */
  instanceId: string | null;
  creator: string;
  osName: string;
  platform: string;
  disks: { usage: 'SYSTEM_DISK' | 'DATA_DISK'; sizeGib: number; snapshotId: string | null }[];
  tags: Tag[];
  family: string | null;
  requestId: string;
}

export interface ImagePace {
  durationMs: number;
  visibilityDelayMs: number;
  outcome: 'NORMAL' | 'CREATEFAILED';
}

/** State is not stored: it follows from the clock, so no timer can be late or keep the process alive. */
export interface Image extends ImageOrder {
  imageId: string;
  createdTime: string;
  endsAtMs: number;
  visibleAtMs: number;
  outcome: 'NORMAL' | 'CREATEFAILED';
  /** Set through the control API; wins over the clock. */
  forcedState: ImageState | null;
}

/** All images of all accounts; each belongs to one root account and one region, and is unknown anywhere else. */
export class Images {
  private readonly images = new Map<string, Image>();
  /** The same images by owner, for an account's calls must not grow slower with what others own. */
  private readonly imagesByOwner = new Map<string, Map<string, Image>>();

  constructor(
    private readonly clock: CloudClock,
    private readonly random: SeededRandom,
  ) {}

  create(order: ImageOrder, pace: ImagePace): Image {
    const nowMs = this.clock.monotonicMs();
    const disks = order.disks.map((disk) => ({
      ...disk,
      snapshotId: disk.snapshotId ?? `snap-${this.random.idText(8)}`,
    }));
    const image: Image = {
      ...order,
      disks,
      imageId: this.unusedId(),
      createdTime: cloudTime(this.clock.wallMs()),
      endsAtMs: nowMs + pace.durationMs,
      visibleAtMs: nowMs + pace.visibilityDelayMs,
      outcome: pace.outcome,
      forcedState: null,
    };
    this.images.set(image.imageId, image);
    this.ownedBy(image).set(image.imageId, image);
    return image;
  }

  find(imageId: string): Image | undefined {
    return this.images.get(imageId);
  }

  stateOf(image: Image): ImageState {
    if (image.forcedState) return image.forcedState;
    return this.clock.monotonicMs() < image.endsAtMs ? 'CREATING' : image.outcome;
  }

  isVisible(image: Image): boolean {
    return this.clock.monotonicMs() >= image.visibleAtMs;
  }

  /** Newest first. */
  of(uin: string, region: string): Image[] {
    return [...this.ownedBy({ uin, region }).values()].reverse();
  }

  /** Newest first. */
  all(): Image[] {
    return [...this.images.values()].reverse();
  }

  /** Frees the image's name and its place in the quota at once. */
  delete(imageId: string): void {
    const image = this.images.get(imageId);
    if (!image) return;
    this.images.delete(imageId);
    this.ownedBy(image).delete(imageId);
  }

  clear(): void {
    this.images.clear();
    this.imagesByOwner.clear();
  }

  private ownedBy({ uin, region }: Pick<Image, 'uin' | 'region'>): Map<string, Image> {
    const owner = `${uin}|${region}`;
    const owned = this.imagesByOwner.get(owner) ?? new Map<string, Image>();
    this.imagesByOwner.set(owner, owned);
    return owned;
  }

  private unusedId(): string {
    const imageId = `img-${this.random.idText(8)}`;
    return this.images.has(imageId) ? this.unusedId() : imageId;
  }
}
