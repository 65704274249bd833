import { randomBytes } from 'node:crypto';
import { type PrivatePostgres, type Receiver, startPrivatePostgres, startReceiver, waitFor } from '#libs/testing';
import { KeyRing, Sealer } from '#libs/sealing';
import { Secret } from '#libs/secret';
import { TENANT_SCOPES } from '#libs/tenants';
import { SigningKeyStore } from '#libs/webhooks';
import { DocumentedRoutes } from '../support/documented-routes.js';
import { PLATFORM, PLATFORM_SETTINGS } from '../support/platform.js';
import { startWholeService, type WholeService } from '../support/whole-service.js';
import { HeapSnapshots } from './heap-snapshot.js';
import { Answers, RecordedCaller } from './recorded-caller.js';
import { Secrets } from './secrets.js';

/** An identity of the cloud whose secrets are recognisable wherever they turn up. */
export interface PlantedCredential {
  readonly uin: string;
  readonly userId: string;
  readonly secretId: string;
  readonly secretKey: string;
}

export interface CredentialOptions {
  readonly isKnown?: boolean;
  /** Letters and digits alone, as the cloud's own keys are. */
  readonly isPlain?: boolean;
  /** Another key of the same user. */
  readonly of?: PlantedCredential;
}

/** One tenant of the run. */
export interface Party {
  readonly number: number;
  readonly tenantId: string;
  readonly keyId: string;
  readonly api: RecordedCaller;
  readonly operator: RecordedCaller;
  readonly key: string;
  readonly accountId: string;
  readonly credential: PlantedCredential;
  /** Deliveries to it are taken. */
  readonly endpointId: string;
  readonly imageName: string;
}

/** Everything that the scenes of a run are played on. */
export interface Stage {
  readonly service: WholeService;
  readonly postgres: PrivatePostgres;
  readonly routes: DocumentedRoutes;
  /** Takes what it is sent. */
  readonly receiver: Receiver;
  /** Fails, and repeats all that it was sent in its answer. */
  readonly failing: Receiver;
  readonly heaps: HeapSnapshots;
  readonly answers: Answers;
  /** Of tenants: found nowhere. */
  readonly secrets: Secrets;
  /** The operators' own: alive as long as the processes, so found in their memory, and nowhere else. */
  readonly keysOfService: Secrets;
  /** One more identity that the cloud knows, or with `isKnown: false` one that it refuses. */
  newCredential(number: number, options?: CredentialOptions): Promise<PlantedCredential>;
  newParty(number: number): Promise<Party>;
  /** Once no session of a role lives any more: from then on all that the cloud ever lent must be found nowhere. */
  plantSessions(): Promise<void>;
  /** The service's own keys for signatures of webhooks: opened for each, and so found nowhere between them. */
  plantSigningKeys(): Promise<void>;
  stop(): Promise<void>;
}

/** Long enough for a few calls, so that a run sees sessions being used, refreshed and forgotten. */
const SESSION_MS = 5000;

export async function setStage(): Promise<Stage> {
  const [postgres, receiver, failing, heaps] = await Promise.all([
    startPrivatePostgres(),
    startReceiver(),
    startReceiver((response, { headers, body }) => response.writeHead(500).end(JSON.stringify({ headers, body }))),
    HeapSnapshots.create(),
  ]);
  const service = await startWholeService({
    postgresUrl: postgres.url,
    settings: {
      ...heaps.environment,
      ...PLATFORM_SETTINGS,
      LOG_LEVEL: 'trace',
      TRUSTED_PROXIES: '127.0.0.0/8',
      WEBHOOK_RETRY_SCHEDULE_MS: '50,50',
      STATE_RETRY_DEADLINE_MS: '500',
    },
  });
  await service.simulator.addSubAccount(PLATFORM);
  await service.simulator.changeSettings({ temporaryKeyDurationMs: SESSION_MS });
  const secrets = new Secrets();
  const keysOfService = new Secrets();
  plantKeysOf(service, keysOfService);
  const answers = new Answers(secrets);
  const credentials = new Credentials(service, secrets);
  const routes = await DocumentedRoutes.of(service.url);

  return {
    service,
    postgres,
    routes,
    receiver,
    failing,
    heaps,
    answers,
    secrets,
    keysOfService,
    newCredential: (number, options) => credentials.make(number, options),
    newParty: (number) => newParty({ service, answers, credentials, receiver }, number),
    plantSessions: () => plantSessions(service, secrets),
    plantSigningKeys: () => plantSigningKeys(service, secrets),
    stop: async () => {
      await service.stop();
      await Promise.all([postgres.stop(), receiver.close(), failing.close(), heaps.remove()]);
    },
  };
}

/** Also the bytes that the texts stand for. */
function plantKeysOf({ adminKey, masterKey, auditSigningKey }: WholeService, secrets: Secrets): void {
  secrets.plant("the operators' key", adminKey);
  secrets.plant('the master key', masterKey);
  secrets.plant('the bytes of the master key', Buffer.from(masterKey, 'base64'));
  const der = Buffer.from(auditSigningKey, 'base64');
  secrets.plant("the platform's SecretId", PLATFORM.secretId);
  secrets.plant("the platform's SecretKey", PLATFORM.secretKey);
  secrets.plant('the audit signing key', auditSigningKey);
  // PKCS #8 ends with the seed; what stands before is the same in every such key.
  secrets.plant('the seed of the audit signing key', der.subarray(-32));
}

async function plantSessions({ simulator }: WholeService, secrets: Secrets): Promise<void> {
  await waitFor(async () => (await simulator.sessions()).every(({ expiresAtMs }) => expiresAtMs < Date.now()), {
    timeoutMs: SESSION_MS * 3,
    intervalMs: 100,
    what: 'no session of a role lives any more',
  });
  const sessions = await simulator.sessions();
  if (sessions.length === 0) throw new Error('no session was ever made, so none could be looked for');
  for (const [index, { secretId, secretKey, token }] of sessions.entries()) {
    secrets.plant(`SecretId of session no. ${index}`, secretId);
    secrets.plant(`SecretKey of session no. ${index}`, secretKey);
    secrets.plant(`token of session no. ${index}`, token);
  }
}

async function plantSigningKeys({ database, masterKey }: WholeService, secrets: Secrets): Promise<void> {
  const keys = await new SigningKeyStore().list(database.postgres.db);
  if (keys.length === 0) throw new Error('nothing was signed by a key of the service, so none could be looked for');
  const ring = new KeyRing(
    keys.slice(0, 1).map(({ box }) => ({ id: box.masterKeyId, material: new Secret(masterKey) })),
  );
  const sealer = new Sealer(ring);
  for (const { id, publicKey, box } of keys) {
    const seed = sealer
      .open(box, ['webhookSigningKey', id, publicKey])
      .reveal()
      .replace(/^whsk_/, '');
    secrets.plant(`the private half of ${id}`, seed);
    secrets.plant(`the bytes of the private half of ${id}`, Buffer.from(seed, 'base64'));
  }
}

class Credentials {
  private made = 0;

  constructor(
    private readonly service: WholeService,
    private readonly secrets: Secrets,
  ) {}

  /** Unless it is to be plain, the key has every character that some encoding changes. */
  async make(
    number: number,
    { isKnown = true, isPlain = false, of }: CredentialOptions = {},
  ): Promise<PlantedCredential> {
    const serial = String(++this.made).padStart(6, '0');
    const whose = `credential no. ${serial} of tenant ${number}`;
    const credential = {
      uin: of?.uin ?? `100000${serial}`,
      userId: of?.userId ?? `200000${serial}`,
      secretId: this.secrets.plant(`secret id of ${whose}`, `AKIDcanary${serial}${randomBytes(8).toString('hex')}`),
      secretKey: this.secrets.plant(
        `secret key of ${whose}`,
        `canary${isPlain ? '' : '"\\/+&%<>'}${serial}${randomBytes(12).toString('hex')}`,
      ),
    };
    if (isKnown) await this.service.simulator.addSubAccount(credential);
    return credential;
  }
}

async function newParty(
  stage: Pick<Stage, 'service' | 'answers' | 'receiver'> & { readonly credentials: Credentials },
  number: number,
): Promise<Party> {
  const { service, answers, credentials, receiver } = stage;
  const operator = new RecordedCaller(service.url, answers, `198.51.100.${number}`, service.adminKey);
  const tenant = await operator.must<{ id: string }>('POST', '/v1/tenants', { name: `canary ${number}` });
  const made = await operator.must<{ id: string; key: string }>('POST', `/v1/tenants/${tenant.id}/api-keys`, {
    name: 'canary',
    scopes: TENANT_SCOPES,
  });
  const api = new RecordedCaller(service.url, answers, `203.0.113.${number}`, made.key);
  const credential = await credentials.make(number);
  const { secretId, secretKey } = credential;
  const account = await api.must<{ id: string }>('POST', '/v1/accounts', {
    name: `account ${number}`,
    credential: { type: 'static', secretId, secretKey },
  });
  const endpoint = await api.must<{ id: string }>('POST', '/v1/webhook-endpoints', { url: receiver.url });
  return {
    number,
    tenantId: tenant.id,
    keyId: made.id,
    api,
    operator,
    key: made.key,
    accountId: account.id,
    credential,
    endpointId: endpoint.id,
    imageName: `canary-image-${number}-${randomBytes(4).toString('hex')}`,
  };
}
