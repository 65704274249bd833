import { CloudClient } from './cloud-client.js';
import { Endpoints } from './endpoints.js';
import { type Answer, cloudAnswer, RawServer } from './raw-server.js';
import { targetOf } from './test-calls.js';

const IMAGE = {
  ImageId: 'img-0yc6rie8',
  ImageName: 'web',
  ImageState: 'NORMAL',
  ImageSource: 'CREATE_IMAGE',
  ImageType: 'PRIVATE_IMAGE',
  CreatedTime: '2026-01-02T03:04:05Z',
  SnapshotSet: [{ SnapshotId: 'snap-1', DiskUsage: 'SYSTEM_DISK', DiskSize: 50 }],
};

describe('CloudClient', () => {
  let server: RawServer;
  let client: CloudClient;

  beforeAll(async () => {
    server = await RawServer.start();
    const endpoints = new Endpoints({ cvmEndpoint: server.url, stsEndpoint: server.url });
    client = new CloudClient({ endpoints, timeoutMs: 5_000 });
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  const imagesOf = (ImageSet: object[], TotalCount = ImageSet.length): Answer =>
    cloudAnswer({ ImageSet, TotalCount, RequestId: 'req-1' });

  describe('describeImages', () => {
    it('asks for as many images as it names, since the cloud would cut the list at 20', async () => {
      server.respond(imagesOf([]));
      await client.describeImages(targetOf(), ['img-1', 'img-2', 'img-3']);
      expect(server.requests[0]?.body).toEqual({ ImageIds: ['img-1', 'img-2', 'img-3'], Limit: 3 });
    });

    it('returns the images in our words', async () => {
      server.respond(imagesOf([IMAGE]));
      expect(await client.describeImages(targetOf(), ['img-0yc6rie8'])).toEqual({
        kind: 'read',
        requestId: 'req-1',
        durationMs: expect.any(Number) as number,
        value: [
          {
            imageId: 'img-0yc6rie8',
            imageName: 'web',
            state: 'NORMAL',
            source: 'CREATE_IMAGE',
            type: 'PRIVATE_IMAGE',
            createdAt: new Date('2026-01-02T03:04:05Z'),
            snapshotIds: ['snap-1'],
          },
        ],
      });
    });

    it.each([
      ['2026-01-02T03:04:05Z', new Date('2026-01-02T03:04:05Z')],
      ['2026-01-02T03:04:05+00:00', new Date('2026-01-02T03:04:05Z')],
      ['yesterday', null],
      [null, null],
    ])('reads the time %s', async (CreatedTime, createdAt) => {
      server.respond(imagesOf([{ ...IMAGE, CreatedTime }]));
      expect(await client.describeImages(targetOf(), ['img-0yc6rie8'])).toMatchObject({ value: [{ createdAt }] });
    });

    it('reads an image that has no snapshots yet', async () => {
      server.respond(imagesOf([{ ...IMAGE, SnapshotSet: null }]));
      expect(await client.describeImages(targetOf(), ['img-0yc6rie8'])).toMatchObject({ value: [{ snapshotIds: [] }] });
    });

    it('returns an empty list when the cloud does not show the image', async () => {
      server.respond(imagesOf([]));
      expect(await client.describeImages(targetOf(), ['img-0yc6rie8'])).toMatchObject({ kind: 'read', value: [] });
    });

    it('calls nobody when it is asked for no image', async () => {
      server.respond(imagesOf([IMAGE]));
      expect(await client.describeImages(targetOf(), [])).toMatchObject({ kind: 'read', value: [] });
      expect(server.requests).toEqual([]);
    });

    it('refuses more ids than one call may have', async () => {
      const ids = Array.from({ length: 101 }, (_, n) => `img-${n}`);
      await expect(client.describeImages(targetOf(), ids)).rejects.toThrow('at most 100');
    });

    it.each<[string, Answer]>([
      ['has no list', cloudAnswer({ TotalCount: 0, RequestId: 'req-1' })],
      ['lists an image without an id', imagesOf([{ ImageName: 'web' }])],
      ['is an internal error', cloudAnswer({ Error: { Code: 'InternalError', Message: '' }, RequestId: 'req-1' })],
      ['is a page', (response) => response.writeHead(502).end('<html>')],
      ['never comes', (_response, _request, socket) => socket.destroy()],
    ])('is unavailable, not empty, when the answer %s', async (_name, answer) => {
      server.respond(answer);
      expect(await client.describeImages(targetOf(), ['img-0yc6rie8'])).toMatchObject({ kind: 'unavailable' });
    });

    it('returns a refusal as one', async () => {
      server.respond(cloudAnswer({ Error: { Code: 'AuthFailure.SecretIdNotFound', Message: 'no' }, RequestId: 'r' }));
      expect(await client.describeImages(targetOf(), ['img-0yc6rie8'])).toMatchObject({
        kind: 'refused',
        code: 'AuthFailure.SecretIdNotFound',
        requestId: 'r',
      });
    });
  });

  describe('findImagesByName', () => {
    it('asks for one page of the images of the account itself', async () => {
      server.respond(imagesOf([]));
      await client.findImagesByName(targetOf(), 'web', 200);
      expect(server.requests[0]?.body).toEqual({
        Filters: [
          { Name: 'image-name', Values: ['web'] },
          { Name: 'image-type', Values: ['PRIVATE_IMAGE'] },
        ],
        Offset: 200,
        Limit: 100,
      });
    });

    it('keeps only the images that bear exactly the name', async () => {
      const names = ['web-2', 'web', 'Web', ' web', 'my-web'];
      server.respond(imagesOf(names.map((ImageName, n) => ({ ...IMAGE, ImageId: `img-${n}`, ImageName }))));
      expect(await client.findImagesByName(targetOf(), 'web')).toMatchObject({
        value: { images: [{ imageId: 'img-1' }], total: 5, nextOffset: null },
      });
    });

    it('goes on after a page without a match as long as the cloud has more', async () => {
      server.respond(imagesOf([{ ...IMAGE, ImageName: 'web-2' }], 3));
      expect(await client.findImagesByName(targetOf(), 'web', 1)).toMatchObject({
        value: { images: [], nextOffset: 2 },
      });
    });

    it('ends at an empty page, whatever total the cloud claims', async () => {
      server.respond(imagesOf([], 3));
      expect(await client.findImagesByName(targetOf(), 'web', 1)).toMatchObject({ value: { nextOffset: null } });
    });

    it('is unavailable without a total, for then nobody knows whether there is more', async () => {
      server.respond(cloudAnswer({ ImageSet: [], RequestId: 'req-1' }));
      expect(await client.findImagesByName(targetOf(), 'web')).toMatchObject({ kind: 'unavailable' });
    });
  });

  describe('getCallerIdentity', () => {
    it('returns whose credential it is', async () => {
      server.respond(
        cloudAnswer({
          Arn: 'qcs::cam::uin/100000000001:uin/100000000002',
          AccountId: '100000000001',
          UserId: '100000000002',
          PrincipalId: '100000000002',
          Type: 'CAMUser',
          RequestId: 'req-1',
        }),
      );
      expect(await client.getCallerIdentity(targetOf())).toMatchObject({
        kind: 'read',
        requestId: 'req-1',
        value: {
          uin: '100000000001',
          userId: '100000000002',
          arn: 'qcs::cam::uin/100000000001:uin/100000000002',
          type: 'CAMUser',
          principalId: '100000000002',
        },
      });
    });

    it('is unavailable when the answer names no account', async () => {
      server.respond(cloudAnswer({ RequestId: 'req-1' }));
      expect(await client.getCallerIdentity(targetOf())).toMatchObject({ kind: 'unavailable' });
    });
  });
});
