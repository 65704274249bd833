import type { KeySource } from '#libs/sealing';

/** The one of the two that `ExactlyOneOf` has let through. */
export function keySourceOf(settings: {
  readonly masterKeys: KeySource | null;
  readonly masterKeysFile: KeySource | null;
}): KeySource {
  const source = settings.masterKeys ?? settings.masterKeysFile;
  if (source === null) throw new Error('no source of master keys is set');
  return source;
}
