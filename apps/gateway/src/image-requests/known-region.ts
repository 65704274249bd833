import { ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';
import type { GatewaySettings } from '#libs/config';

/** Whether a region is one of those that the service is set to. */
@ValidatorConstraint({ name: 'knownRegion' })
export class KnownRegion implements ValidatorConstraintInterface {
  constructor(private readonly settings: Pick<GatewaySettings, 'regions'>) {}

  validate(region: unknown): boolean {
    return typeof region === 'string' && this.settings.regions.includes(region);
  }

  defaultMessage(): string {
    return `must be one of ${this.settings.regions.join(', ')}`;
  }
}
