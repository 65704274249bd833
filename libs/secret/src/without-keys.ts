/**
 * API keys and webhook secrets of ours, and the cloud's SecretIds: AKID… of the site in China, IKID… of the international
 * one. By their form and length, for words have the same letters in them, and the beginning of a key is no secret.
 */
const KEYS = /(?<![A-Za-z0-9])(?:cvmk_[A-Za-z0-9_-]{40,}|whsec_[A-Za-z0-9+/=_-]{20,}|[AI]KID[A-Za-z0-9_-]{13,})/g;

/**
 * A text from outside without the keys that somebody may have put where none belongs. What has no mark of its own, as the
 * cloud's SecretKey has none, can't be told from other words.
 */
export function withoutKeys(text: string): string {
  return text.replace(KEYS, '[secret]');
}
