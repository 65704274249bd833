/** API keys and webhook secrets of ours, and the cloud's SecretIds: AKID… of the site in China, IKID… of the international one. */
const KEYS = /(?:cvmk_|whsec_|[AI]KID)[A-Za-z0-9+/=_-]{8,}/gi;

/**
 * A text from outside without the keys that somebody may have put where none belongs. What has no mark of its own, as the
 * cloud's SecretKey has none, can't be told from other words.
 */
export function withoutKeys(text: string): string {
  return text.replace(KEYS, '[secret]');
}
