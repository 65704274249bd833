import { ApiProperty } from '@nestjs/swagger';
import type { AccountStatus, AccountView as View, Verification } from '#libs/accounts';
import type { Site } from '#libs/config';

export class CredentialView {
  @ApiProperty({ enum: ['static', 'assumeRole'] })
  type!: string;

  @ApiProperty({ type: String, nullable: true, example: 'AKID…wxyz' })
  secretIdHint!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Of type `assumeRole`.' })
  roleArn!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Of type `assumeRole`: what the trust policy of the role must ask for.',
  })
  externalId!: string | null;

  @ApiProperty({ example: 1, description: 'Grows with each rotation.' })
  version!: number;

  @ApiProperty({ format: 'date-time' })
  rotatedAt!: string;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Since when the cloud refuses it. Until it is repaired the image requests of the account wait.',
  })
  rejectedAt!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'AuthFailure.SecretIdNotFound',
    description: "The cloud's own code.",
  })
  rejectedCode!: string | null;
}

/** Documents what `accountView` of #libs/accounts makes; the compiler holds the two together. */
export class AccountView implements View {
  @ApiProperty({ example: 'acc_01h455vb4pex5vsknk084sn02q' })
  id!: string;

  @ApiProperty({ example: 'production' })
  name!: string;

  @ApiProperty({ enum: ['intl', 'china'] })
  site!: Site;

  @ApiProperty({ enum: ['active', 'disabled'] })
  status!: AccountStatus;

  @ApiProperty({ example: '100000000001', description: 'The root account, as the cloud named it.' })
  uin!: string;

  @ApiProperty({ example: '200000000001', description: 'The sub-account; of a role `roleId:tenantId`.' })
  userId!: string;

  @ApiProperty({ type: CredentialView })
  credential!: CredentialView;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;
}

export class AccountPage {
  @ApiProperty({ type: [AccountView] })
  data!: readonly AccountView[];

  @ApiProperty({ type: String, nullable: true, description: '`cursor` of the next page; null on the last.' })
  nextCursor!: string | null;
}

export class VerificationView {
  @ApiProperty({ description: 'Whether it is still the identity that the account was registered with.' })
  ok!: boolean;

  @ApiProperty({ example: '100000000001' })
  uin!: string;

  @ApiProperty({ example: '200000000001' })
  userId!: string;

  @ApiProperty({ example: 'qcs::cam::uin/100000000001:uin/200000000001' })
  arn!: string;

  @ApiProperty({ format: 'date-time' })
  checkedAt!: string;
}

export function verificationView({ ok, uin, userId, arn, checkedAt }: Verification): VerificationView {
  return { ok, uin, userId, arn, checkedAt: checkedAt.toISOString() };
}
