import { Max, Min } from 'class-validator';
import type { Secret } from '#libs/secret';
import { cidrs, integer, secret, SettingFault, text } from './parsers.js';
import { ServiceSettings } from './service.settings.js';
import { Variable } from './variable.js';
import { weaknessOf } from './weakness.js';

/** Everything the gateway reads from its environment. */
export class GatewaySettings extends ServiceSettings {
  @Variable('PORT', integer, { default: '3000' })
  @Min(0)
  @Max(65_535)
  port!: number;

  @Variable('HOST', text, { default: '0.0.0.0' })
  host!: string;

  @Variable('ADMIN_API_KEY', adminApiKey)
  adminApiKey!: Secret;

  /** Balancers whose word is taken for where a request came from; of everyone else's, nothing is. */
  @Variable('TRUSTED_PROXIES', trustedProxies, { default: '' })
  trustedProxies!: readonly string[];
}

/** Trusting everyone would let each caller write any address into the audit log. */
function trustedProxies(value: string): readonly string[] {
  const ranges = cidrs(value);
  if (ranges.some((range) => /\/0+$/.test(range))) throw new SettingFault('must not take in every address there is');
  return ranges;
}

/** Long, and nothing that is tried first: it is the one key that a person may have chosen, and it opens everything. */
function adminApiKey(value: string): Secret {
  if (value.length < 32) throw new SettingFault('must be at least 32 characters (openssl rand -base64 32)');
  if (/\s/.test(value)) throw new SettingFault('must not contain white space');
  const weakness = weaknessOf(value);
  if (weakness !== null) throw new SettingFault(`is too weak: ${weakness} (openssl rand -base64 32)`);
  return secret(value);
}
