import { Module } from '@nestjs/common';
import { AccountsModule } from '#libs/accounts';
import { AuditController } from './audit.controller.js';

@Module({ imports: [AccountsModule], controllers: [AuditController] })
export class AuditRoutesModule {}
