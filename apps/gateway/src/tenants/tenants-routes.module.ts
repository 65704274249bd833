import { Module } from '@nestjs/common';
import { TenantsModule } from '#libs/tenants';
import { ApiKeysController } from './api-keys.controller.js';
import { MeController } from './me.controller.js';
import { TenantApiKeysController } from './tenant-api-keys.controller.js';
import { TenantsController } from './tenants.controller.js';

@Module({
  imports: [TenantsModule],
  controllers: [TenantsController, TenantApiKeysController, ApiKeysController, MeController],
})
export class TenantsRoutesModule {}
