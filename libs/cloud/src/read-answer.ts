import { isRecord } from './cloud-call.js';
import { Secret } from '#libs/secret';
import type { CallerIdentity, CloudImage, ImageNamePage, TemporaryCredential } from './cloud-image.js';

type Body = Readonly<Record<string, unknown>>;

/** Null for an answer that does not list images: an empty list would say that there are none. */
export function readImages(body: Body): readonly CloudImage[] | null {
  const set = body['ImageSet'];
  if (!Array.isArray(set)) return null;
  const images = set.map(readImage);
  return images.every((image) => image !== null) ? images : null;
}

export function readImageNamePage(body: Body, imageName: string, offset: number): ImageNamePage | null {
  const listed = readImages(body);
  const total = body['TotalCount'];
  if (listed === null || typeof total !== 'number') return null;
  const next = offset + listed.length;
  return {
    images: listed.filter((image) => image.imageName === imageName),
    total,
    nextOffset: listed.length > 0 && next < total ? next : null,
  };
}

export function readCallerIdentity(body: Body): CallerIdentity | null {
  const uin = text(body['AccountId']);
  if (uin === '') return null;
  return {
    uin,
    userId: text(body['UserId']),
    arn: text(body['Arn']),
    type: text(body['Type']),
    principalId: text(body['PrincipalId']),
  };
}

/** Null when any part is missing: a session without its token, or of unknown end, would only be refused later. */
export function readTemporaryCredential(body: Body): TemporaryCredential | null {
  const credentials = body['Credentials'];
  const expiresAtSeconds = body['ExpiredTime'];
  if (!isRecord(credentials) || typeof expiresAtSeconds !== 'number') return null;
  const parts = ['TmpSecretId', 'TmpSecretKey', 'Token'].map((name) => text(credentials[name]));
  const [secretId = '', secretKey = '', token = ''] = parts;
  if (!parts.every((part) => FITS_A_HEADER.test(part))) return null;
  const expiresAt = new Date(expiresAtSeconds * 1000);
  if (expiresAtSeconds <= 0 || Number.isNaN(expiresAt.getTime())) return null;
  return { secretId: new Secret(secretId), secretKey: new Secret(secretKey), token: new Secret(token), expiresAt };
}

/** They go into headers of every call that they sign. */
const FITS_A_HEADER = /^[\x21-\x7e]+$/;

function readImage(entry: unknown): CloudImage | null {
  if (!isRecord(entry)) return null;
  const imageId = text(entry['ImageId']);
  if (imageId === '') return null;
  return {
    imageId,
    imageName: text(entry['ImageName']),
    state: text(entry['ImageState']),
    source: text(entry['ImageSource']),
    type: text(entry['ImageType']),
    createdAt: readTime(entry['CreatedTime']),
    snapshotIds: readSnapshotIds(entry['SnapshotSet']),
  };
}

function readSnapshotIds(set: unknown): readonly string[] {
  if (!Array.isArray(set)) return [];
  return set.map((entry) => (isRecord(entry) ? text(entry['SnapshotId']) : '')).filter((id) => id !== '');
}

/** The cloud writes both `…Z` and `…+00:00`. */
function readTime(value: unknown): Date | null {
  const time = new Date(text(value));
  return Number.isNaN(time.getTime()) ? null : time;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
