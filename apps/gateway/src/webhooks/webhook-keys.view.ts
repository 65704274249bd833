import { ApiProperty } from '@nestjs/swagger';
import type { PublishedKey } from '#libs/webhooks';

export class WebhookKeyView {
  @ApiProperty({ enum: ['OKP'] })
  kty!: 'OKP';

  @ApiProperty({ enum: ['Ed25519'] })
  crv!: 'Ed25519';

  @ApiProperty({ example: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', description: 'The 32 bytes of the key.' })
  x!: string;

  @ApiProperty({ example: 'whk_01h455vb4pex5vsknk084sn02q' })
  kid!: string;

  @ApiProperty({ enum: ['EdDSA'] })
  alg!: 'EdDSA';

  @ApiProperty({ enum: ['sig'] })
  use!: 'sig';

  @ApiProperty({
    example: 'whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
    description: 'The same key as Standard Webhooks writes it.',
  })
  publicKey!: string;
}

export class WebhookKeySet {
  @ApiProperty({ type: [WebhookKeyView], description: 'One at least; more while one replaces another.' })
  keys!: readonly WebhookKeyView[];
}

export function webhookKeySet(published: readonly PublishedKey[]): WebhookKeySet {
  return { keys: published.map(webhookKeyView) };
}

function webhookKeyView({ id, publicKey }: PublishedKey): WebhookKeyView {
  const x = Buffer.from(publicKey.slice(publicKey.indexOf('_') + 1), 'base64').toString('base64url');
  return { kty: 'OKP', crv: 'Ed25519', x, kid: id, alg: 'EdDSA', use: 'sig', publicKey };
}
