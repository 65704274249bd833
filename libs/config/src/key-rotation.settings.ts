import type { EnvKeySource, FileKeySource, KeySource } from '#libs/sealing';
import type { Secret } from '#libs/secret';
import { keySourceOf } from './key-source-of.js';
import { envKeySource, fileKeySource, secretUrl } from './parsers.js';
import { ExactlyOneOf, Variable } from './variable.js';

/** What `keys:rotate` reads: where the boxes are, and the ring that the processes have. */
@ExactlyOneOf('MASTER_KEYS', 'MASTER_KEYS_FILE')
export class KeyRotationSettings {
  @Variable('DATABASE_URL', secretUrl('postgres', 'postgresql'))
  databaseUrl!: Secret;

  @Variable('MASTER_KEYS', envKeySource, { optional: true })
  masterKeys!: EnvKeySource | null;

  @Variable('MASTER_KEYS_FILE', fileKeySource, { optional: true })
  masterKeysFile!: FileKeySource | null;

  /** Whichever of the two is set. */
  get keySource(): KeySource {
    return keySourceOf(this);
  }
}
