import { ApiProperty } from '@nestjs/swagger';
import type { AccountStatus, AccountWithCredential, Verification } from '#libs/accounts';
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
}

export class AccountView {
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

export function accountView(account: AccountWithCredential): AccountView {
  const { type, secretIdHint, roleArn, externalId, version, rotatedAt } = account.credential;
  return {
    id: account.id,
    name: account.name,
    site: account.site,
    status: account.status,
    uin: account.uin,
    userId: account.userId,
    credential: { type, secretIdHint, roleArn, externalId, version, rotatedAt: rotatedAt.toISOString() },
    createdAt: account.createdAt.toISOString(),
  };
}

export function verificationView({ ok, uin, userId, arn, checkedAt }: Verification): VerificationView {
  return { ok, uin, userId, arn, checkedAt: checkedAt.toISOString() };
}
