import { AppError } from '#libs/errors';

export class AssumeRoleUnavailable extends AppError {
  readonly code = 'assume_role_unavailable';
  readonly kind = 'unprocessable';
  readonly publicMessage = 'This service has no identity of its own to assume a role with; use a static credential.';
}
