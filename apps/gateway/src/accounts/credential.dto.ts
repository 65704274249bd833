import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsDefined, IsIn, IsString, Matches, ValidateIf } from 'class-validator';
import type { CredentialOrder } from '#libs/credentials';
import { Secret } from '#libs/secret';
import { HoldsNoKey, Rule } from '../http/rules.js';

const TYPES = ['static', 'assumeRole'] as const;
type CredentialType = (typeof TYPES)[number];

/** It stands between the marks of the header that signs a call. */
const SECRET_ID = /^[A-Za-z0-9_-]{1,128}$/;
const SECRET_KEY = /^[\x21-\x7e]{1,128}$/;
const ROLE_ARN = /^qcs::cam::uin\/\d+:(?:roleName|role)\/[\w+=,.@/-]{1,128}$/;

const isFor = (type: CredentialType) => (body: CredentialBody, value: unknown) =>
  body.type === type || (value !== undefined && value !== null);

function OnlyFor(type: CredentialType): PropertyDecorator {
  return Rule('onlyFor', (_value, body) =>
    (body as CredentialBody).type === type
      ? []
      : [{ code: 'conflict', detail: `belongs to a credential of type ${type} only` }],
  );
}

/** A secret is write-only: nothing of it comes back but a hint of the id. */
export class CredentialBody {
  @ApiProperty({ enum: TYPES, example: 'static' })
  @IsDefined()
  @IsIn(TYPES)
  type!: CredentialType;

  @ApiPropertyOptional({ writeOnly: true, example: 'AKID0000000000000000EXAMPLE', description: 'Of type `static`.' })
  @ValidateIf(isFor('static'))
  @IsDefined()
  @IsString()
  @Matches(SECRET_ID, { message: 'must be 1 to 128 letters, digits, hyphens and underscores' })
  @OnlyFor('static')
  secretId?: string;

  @ApiPropertyOptional({ writeOnly: true, format: 'password', description: 'Of type `static`.' })
  @ValidateIf(isFor('static'))
  @IsDefined()
  @IsString()
  @Matches(SECRET_KEY, { message: 'must be 1 to 128 visible ASCII characters without spaces' })
  @OnlyFor('static')
  secretKey?: string;

  @ApiPropertyOptional({
    example: 'qcs::cam::uin/100000000001:roleName/images',
    description:
      'Of type `assumeRole`. The trust policy of the role must name the account of this service, and `tenant.externalId` ' +
      'of `GET /v1/me` as the external id; there is no field for it here, so that nobody can use the role of another.',
  })
  @ValidateIf(isFor('assumeRole'))
  @IsDefined()
  @IsString()
  @HoldsNoKey()
  @Matches(ROLE_ARN, { message: 'must be a role of the cloud, such as qcs::cam::uin/100000000001:roleName/images' })
  @OnlyFor('assumeRole')
  roleArn?: string;
}

export function credentialOrderOf(body: CredentialBody): CredentialOrder {
  const { type, secretId, secretKey, roleArn } = body;
  if (type === 'assumeRole') {
    if (roleArn === undefined) throw new Error('an unchecked credential');
    return { type, roleArn };
  }
  if (secretId === undefined || secretKey === undefined) throw new Error('an unchecked credential');
  return { type, secretId: new Secret(secretId), secretKey: new Secret(secretKey) };
}
