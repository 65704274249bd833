import { Module } from '@nestjs/common';
import { ImageRequestsController } from './image-requests.controller.js';
import { ImageRequestsModule } from './image-requests.module.js';
import { KnownRegion } from './known-region.js';
import { GatewaySettings } from '#libs/config';

@Module({
  imports: [ImageRequestsModule],
  controllers: [ImageRequestsController],
  providers: [
    {
      provide: KnownRegion,
      useFactory: (settings: GatewaySettings) => new KnownRegion(settings),
      inject: [GatewaySettings],
    },
  ],
})
export class ImageRequestsRoutesModule {}
