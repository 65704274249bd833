import { waitFor } from '#libs/testing';
import { newImageName, newInstanceId } from '../../support/image-requests.js';
import type { SimulatorCall } from '../../support/simulator-control.js';
import type { TestAccount } from '../../support/whole-service.js';
import { arrivalsOf } from './judge.js';
import type { Product } from './product.js';

/** Many enough to outrun any lane, few enough to leave the workers their share of a small machine. */
const POSTED_AT_ONCE = 8;

export interface PostedRequest {
  readonly id: string;
  readonly imageName: string;
}

export async function post(product: Product, count: number, account: TestAccount): Promise<readonly PostedRequest[]> {
  const posted: PostedRequest[] = [];
  let left = count;
  const poster = async (): Promise<void> => {
    while (left-- > 0) posted.push(await postOne(product, account));
  };
  await Promise.all(Array.from({ length: POSTED_AT_ONCE }, poster));
  return posted;
}

export async function postOne({ tenant }: Product, account: TestAccount): Promise<PostedRequest> {
  const imageName = newImageName();
  const order = { accountId: account.id, region: 'ap-guangzhou', imageName, instanceId: newInstanceId() };
  const { id } = await tenant.api.created<{ id: string }>('/v1/image-requests', order);
  return { id, imageName };
}

/** The arrivals of an account once there are so many of them. By default it may take ten times as long as one lane alone needs. */
export async function arrived(
  product: Product,
  uin: string,
  count: number,
  withinMs = 30_000 + count * 1000,
): Promise<readonly SimulatorCall[]> {
  await waitFor(async () => (await arrivalsOf(product.service.simulator, uin)).length >= count, {
    timeoutMs: withinMs,
    intervalMs: 250,
    what: `${count} calls arrive`,
  });
  return arrivalsOf(product.service.simulator, uin);
}

/** What became of requests that had to survive a crash: every one an image, and no one two. In words, if not so. */
export async function lossesAmong(
  { service, tenant }: Product,
  uin: string,
  posted: readonly PostedRequest[],
): Promise<readonly string[]> {
  await Promise.all(posted.map(({ id }) => tenant.api.read(`/v1/image-requests/${id}?wait=60`)));
  const requests = await Promise.all(
    posted.map(({ id }) => tenant.api.read<{ status: string }>(`/v1/image-requests/${id}?wait=60`)),
  );
  const images = await service.simulator.images({ uin });
  const made = new Map<string, number>();
  for (const { name } of images) made.set(name, (made.get(name) ?? 0) + 1);

  const unfinished = requests.filter(({ status }) => status !== 'succeeded').length;
  const lost = posted.filter(({ imageName }) => !made.has(imageName)).length;
  const doubled = [...made.values()].filter((count) => count > 1).length;
  return [
    ...(unfinished > 0 ? [`${unfinished} without success`] : []),
    ...(lost > 0 ? [`${lost} lost`] : []),
    ...(doubled > 0 ? [`${doubled} called twice`] : []),
  ];
}
