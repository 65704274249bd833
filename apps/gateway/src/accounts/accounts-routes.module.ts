import { Module } from '@nestjs/common';
import { AccountsModule } from '#libs/accounts';
import { ImageRequestsModule } from '../image-requests/image-requests.module.js';
import { AccountsController } from './accounts.controller.js';

@Module({ imports: [AccountsModule, ImageRequestsModule], controllers: [AccountsController] })
export class AccountsRoutesModule {}
