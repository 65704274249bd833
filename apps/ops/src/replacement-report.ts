import type { KeyReplacement, PublishedKey } from '#libs/webhooks';

/** What the operator reads: which key signs from when, and until when the ones before it are published. */
export function replacementReport({ kind, key, before }: KeyReplacement): readonly string[] {
  const signs = `${key.id} (${key.publicKey}) signs from ${key.signsFrom.toISOString()} on.`;
  if (kind === 'pending') return [`Nothing was changed: a new key is published already. ${signs}`];
  return [`Published: ${signs}`, ...before.map(fateOf)];
}

function fateOf({ id, publishedUntil }: PublishedKey): string {
  if (publishedUntil === null) return `${id} is destroyed, and published no longer.`;
  return `${id} signs until then, and is published until ${publishedUntil.toISOString()}.`;
}
