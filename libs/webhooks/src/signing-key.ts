import type { WebhookKeyId } from '#libs/ids';

/** A public key of the service, as receivers may see it. */
export interface PublishedKey {
  readonly id: WebhookKeyId;
  /** `whpk_…`. */
  readonly publicKey: string;
  readonly createdAt: Date;
  /** Published before, so that whoever keeps a copy of the keys has it by then. */
  readonly signsFrom: Date;
  /** Null for the newest. */
  readonly publishedUntil: Date | null;
}

const HOUR_MS = 3_600_000;
/** How long a new key is published before it signs: copies of the list live five minutes, and some careless ones longer. */
export const SIGNS_AFTER_MS = HOUR_MS;
/** How long a key is published once another signs: whoever keeps an event to look at it later can do so for two days. */
export const PUBLISHED_AFTER_MS = 48 * HOUR_MS;

/** The key that signs at that time: of those that have begun the latest. Before any has, by a clock that is behind, the first. */
export function keySigningAt<Key extends Pick<PublishedKey, 'signsFrom'>>(
  keys: readonly Key[],
  at: Date,
): Key | undefined {
  const inOrder = [...keys].sort((one, other) => one.signsFrom.getTime() - other.signsFrom.getTime());
  return inOrder.findLast(({ signsFrom }) => signsFrom <= at) ?? inOrder[0];
}
