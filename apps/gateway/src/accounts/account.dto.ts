import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsDefined, IsIn, ValidateIf } from 'class-validator';
import type { AccountStatus } from '#libs/accounts';
import type { Site } from '#libs/config';
import { Nested } from '../http/instantiate.js';
import { Name } from '../http/rules.js';
import { CredentialBody } from './credential.dto.js';

const NAME = { min: 1, max: 100 };
const SITES = ['intl', 'china'] as const;
const STATUSES = ['active', 'disabled'] as const;

export class CreateAccount {
  @ApiProperty({ minLength: 1, maxLength: 100, example: 'production', description: 'For people to tell it by.' })
  @IsDefined()
  @Name(NAME)
  name!: string;

  @ApiProperty({ type: CredentialBody })
  @IsDefined()
  @Nested(() => CredentialBody)
  credential!: CredentialBody;

  @ApiPropertyOptional({
    enum: SITES,
    description: "Which of the cloud's two sites the account belongs to; it decides the hosts.",
  })
  @ValidateIf((_dto, value) => value !== undefined)
  @IsIn(SITES)
  site?: Site;
}

export class PatchAccount {
  @ApiPropertyOptional({ minLength: 1, maxLength: 100, example: 'production' })
  @ValidateIf((_dto, value) => value !== undefined)
  @Name(NAME)
  name?: string;

  @ApiPropertyOptional({ enum: STATUSES, description: 'A disabled account takes no image requests.' })
  @ValidateIf((_dto, value) => value !== undefined)
  @IsIn(STATUSES)
  status?: AccountStatus;
}

export class PutCredential {
  @ApiProperty({ type: CredentialBody })
  @IsDefined()
  @Nested(() => CredentialBody)
  credential!: CredentialBody;
}
