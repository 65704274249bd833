import { ArrayNotEmpty, IsIn, Matches, Max, Min } from 'class-validator';
import type { EnvKeySource, FileKeySource, KeySource } from '#libs/sealing';
import type { Secret } from '#libs/secret';
import { keySourceOf } from './key-source-of.js';
import {
  cidrs,
  ed25519PrivateKey,
  endpoint,
  envKeySource,
  fileKeySource,
  flag,
  integer,
  list,
  ports,
  secret,
  secretUrl,
  text,
} from './parsers.js';
import { DOCUMENTED_REGIONS } from './regions.js';
import { ExactlyOneOf, GoesWith, Variable } from './variable.js';

/** Which of the cloud's two sites an account belongs to; it decides the hosts. */
export type Site = 'intl' | 'china';

/** What the gateway and the worker both need. */
@ExactlyOneOf('MASTER_KEYS', 'MASTER_KEYS_FILE')
export class ServiceSettings {
  @Variable('DATABASE_URL', secretUrl('postgres', 'postgresql'))
  databaseUrl!: Secret;

  @Variable('REDIS_URL', secretUrl('redis', 'rediss'))
  redisUrl!: Secret;

  @Variable('MASTER_KEYS', envKeySource, { optional: true })
  masterKeys!: EnvKeySource | null;

  @Variable('MASTER_KEYS_FILE', fileKeySource, { optional: true })
  masterKeysFile!: FileKeySource | null;

  @Variable('AUDIT_SIGNING_KEY', ed25519PrivateKey)
  auditSigningKey!: Secret;

  @Variable('DEFAULT_SITE', text, { default: 'intl' })
  @IsIn(['intl', 'china'], { message: 'must be "intl" or "china"' })
  defaultSite!: Site;

  @Variable('CVM_ENDPOINT', endpoint, { optional: true })
  cvmEndpoint!: string | null;

  @Variable('STS_ENDPOINT', endpoint, { optional: true })
  stsEndpoint!: string | null;

  /** The identity that assumes the tenants' roles: both halves or neither. */
  @Variable('PLATFORM_SECRET_ID', secret, { optional: true })
  @GoesWith('platformSecretKey')
  platformSecretId!: Secret | null;

  @Variable('PLATFORM_SECRET_KEY', secret, { optional: true })
  @GoesWith('platformSecretId')
  platformSecretKey!: Secret | null;

  @Variable('UPSTREAM_TIMEOUT_MS', integer, { default: '30000' })
  @Min(1)
  @Max(600_000)
  upstreamTimeoutMs!: number;

  @Variable('ARRIVAL_GUARD_MS', integer, { default: '100' })
  @Min(0)
  @Max(60_000)
  arrivalGuardMs!: number;

  @Variable('CREATE_IMAGE_LIMIT', integer, { default: '10' })
  @Min(1)
  @Max(1000)
  createImageLimit!: number;

  @Variable('DESCRIBE_IMAGES_LIMIT', integer, { default: '40' })
  @Min(1)
  @Max(1000)
  describeImagesLimit!: number;

  @Variable('WEBHOOK_ALLOWED_CIDRS', cidrs, { default: '' })
  webhookAllowedCidrs!: readonly string[];

  @Variable('WEBHOOK_ALLOWED_PORTS', ports, { default: '' })
  webhookAllowedPorts!: readonly number[];

  @Variable('WEBHOOK_ALLOW_HTTP', flag, { default: 'false' })
  webhookAllowHttp!: boolean;

  @Variable('REGIONS', list, { default: DOCUMENTED_REGIONS.join(',') })
  @ArrayNotEmpty()
  @Matches(/^[a-z]{2}(-[a-z0-9]+)+$/, { each: true, message: 'must be a comma-separated list of region names' })
  regions!: readonly string[];

  @Variable('LOG_LEVEL', text, { default: 'info' })
  @IsIn(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    message: 'must be trace, debug, info, warn, error, fatal or silent',
  })
  logLevel!: string;

  /** Whichever of the two is set. */
  get keySource(): KeySource {
    return keySourceOf(this);
  }
}
