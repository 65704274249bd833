import { ApiProperty } from '@nestjs/swagger';
import type { CredentialRejectedData } from '#libs/accounts';
import type { ImageRequestEventData } from '#libs/image-requests';
import type { DisableReason, EndpointDisabledData, EndpointTestData } from '#libs/webhooks';
import { AccountView } from '../accounts/account.view.js';
import { ImageRequestView } from '../image-requests/image-request.view.js';
import { WebhookEndpointView } from '../webhooks/webhook-endpoint.view.js';

const DISABLE_REASONS: readonly DisableReason[] = ['gone', 'failing'];

/** These classes document what the domains' events carry; the compiler holds the two together. */
export class ImageRequestDataView implements ImageRequestEventData {
  @ApiProperty({ type: ImageRequestView, description: 'The image request as it was then.' })
  imageRequest!: ImageRequestView;
}

export class EndpointDisabledDataView implements EndpointDisabledData {
  @ApiProperty({ type: WebhookEndpointView, description: 'The endpoint as it is from then on.' })
  webhookEndpoint!: WebhookEndpointView;

  @ApiProperty({
    enum: DISABLE_REASONS,
    description: '`gone`: it answered 410. `failing`: five days of nothing but failures.',
  })
  reason!: DisableReason;
}

export class EndpointTestDataView implements EndpointTestData {
  @ApiProperty({ type: WebhookEndpointView, description: 'The endpoint that is tested.' })
  webhookEndpoint!: WebhookEndpointView;
}

export class CredentialRejectedDataView implements CredentialRejectedData {
  @ApiProperty({ type: AccountView, description: 'The account, with the rejection at its credential.' })
  account!: AccountView;
}
