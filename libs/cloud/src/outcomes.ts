/** What one CreateImage call came to. Always a value: an exception would leave open whether an image was ordered. */
export type CreateImageOutcome =
  /** `imageId` is null only for a dry run, which would have succeeded. */
  | ({ readonly kind: 'accepted'; readonly imageId: string | null } & Answered)
  /** The cloud said no with a code of its own, and made nothing. */
  | ({ readonly kind: 'refused'; readonly code: string; readonly message: string } & Answered)
  /** Perhaps an image was ordered, perhaps not: look it up before calling again. `code` is the cloud's own, if it gave one. */
  | ({ readonly kind: 'unknown'; readonly cause: string; readonly code: string | null } & Answered)
  /** Not a byte of the call left this process: it may be made again at once. */
  | ({ readonly kind: 'not_sent'; readonly cause: string } & Timed);

/** What a call that changes nothing came to. */
export type ReadOutcome<T> =
  | ({ readonly kind: 'read'; readonly value: T } & Answered)
  | ({ readonly kind: 'refused'; readonly code: string; readonly message: string } & Answered)
  /** No usable answer. Reading again is always safe. */
  | ({ readonly kind: 'unavailable'; readonly cause: string } & Timed);

interface Timed {
  readonly durationMs: number;
}

interface Answered extends Timed {
  /** The cloud's own id of the call, for its support; null where no answer could be read. */
  readonly requestId: string | null;
}
