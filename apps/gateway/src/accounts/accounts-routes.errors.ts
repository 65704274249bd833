import { AppError } from '#libs/errors';

export class AssumeRoleUnavailable extends AppError {
  readonly code = 'assume_role_unavailable';
  readonly kind = 'unprocessable';
  readonly publicMessage = 'Credentials of type "assumeRole" are not supported yet; use a static credential.';
}
