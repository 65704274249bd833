import { type DynamicModule, Module } from '@nestjs/common';
import { AccountsRoutesModule } from './accounts/accounts-routes.module.js';
import { AuditRoutesModule } from './audit/audit-routes.module.js';
import { EventsRoutesModule } from './events/events-routes.module.js';
import { FoundationModule, type Ground } from './foundation.module.js';
import { HealthModule } from './health/health.module.js';
import { HttpModule } from './http/http.module.js';
import { ImageRequestsRoutesModule } from './image-requests/image-requests-routes.module.js';
import { StartPageController } from './start-page/start-page.controller.js';
import { TenantsRoutesModule } from './tenants/tenants-routes.module.js';
import { WebhooksRoutesModule } from './webhooks/webhooks-routes.module.js';

@Module({})
export class AppModule {
  static on(ground: Ground): DynamicModule {
    return {
      module: AppModule,
      imports: [
        FoundationModule.on(ground),
        HttpModule,
        ImageRequestsRoutesModule,
        AccountsRoutesModule,
        WebhooksRoutesModule,
        EventsRoutesModule,
        AuditRoutesModule,
        TenantsRoutesModule,
        HealthModule,
      ],
      controllers: [StartPageController],
    };
  }
}
