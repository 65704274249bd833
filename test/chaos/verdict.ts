import { sql } from 'kysely';
import type { ImageRequestView } from '#libs/image-requests';
import { EventLog, type FeedEvent } from '../support/event-log.js';
import type { SimulatorCall, SimulatorImage } from '../support/simulator-control.js';
import type { Posted } from './callers.js';
import type { Plan } from './plan.js';
import type { Party, World } from './world.js';

/** One thing that must hold. Empty faults: it does. */
export interface Check {
  readonly what: string;
  readonly seen: string;
  readonly faults: readonly string[];
}

/** What may follow upon what, by the design; written down here once more, so that the service is not its own judge. */
const MAY_FOLLOW: Readonly<Record<string, readonly string[]>> = {
  queued: ['submitting', 'failed', 'canceled'],
  submitting: ['queued', 'creating', 'succeeded', 'failed'],
  creating: ['succeeded', 'failed'],
};
/** Which audit entries tell of a status, and which status each leaves behind. */
const STATUS_OF: Readonly<Record<string, string>> = {
  'image_request.create': 'queued',
  'image_request.requeue': 'queued',
  'image_request.submit': 'submitting',
  'image_request.accept': 'creating',
  'image_request.succeed': 'succeeded',
  'image_request.fail': 'failed',
};
const EVENT_OF: Readonly<Record<string, string>> = {
  'image_request.create': 'image_request.queued',
  'image_request.accept': 'image_request.submitted',
  'image_request.succeed': 'image_request.succeeded',
  'image_request.fail': 'image_request.failed',
};
/** How a request may fail here: its first post was taken, unanswered, and its image made before it was posted again. */
const LAWFUL_FAILURES = ['InvalidImageName.Duplicate'];
const LIMITS: Readonly<Record<string, number>> = { CreateImage: 10, DescribeImages: 40 };
/** Enough to see what is wrong. */
const FAULTS_SHOWN = 5;

/** Everything that is known of one request when all is over. */
interface Story {
  readonly request: ImageRequestView;
  readonly acts: readonly string[];
  readonly events: readonly string[];
}

/** Judges a run by the API, the feed, the receivers, the audit log (read from its table) and the cloud itself. */
export async function judge(world: World, plan: Plan, posted: Posted): Promise<readonly Check[]> {
  const { simulator } = world.service;
  const stories = (await Promise.all(world.parties.map((party) => storiesOf(world, party)))).flat();
  const [images, stats, rules, calls] = await Promise.all([
    simulator.images(),
    simulator.stats(),
    simulator.faults(),
    simulator.calls(),
  ]);
  return [
    everyAnswered(stories, posted, plan),
    everyEnded(stories),
    oneImageEach(stories, images),
    noSiblingAdopted(stories, images, plan),
    everyStepLawful(stories),
    everyStepTold(stories),
    ...(await Promise.all(world.parties.map(everyEventDelivered))),
    limitHeld(stats.maxArrivalsInAnySecond, calls),
    {
      what: 'every kind of fault has struck',
      seen: rules.map(({ effect, fired }) => `${nameOf(effect)} ${fired}`).join(', '),
      faults: rules.filter(({ fired }) => fired === 0).map(({ effect }) => `${nameOf(effect)} never struck`),
    },
  ];
}

async function storiesOf({ service }: World, { tenant }: Party): Promise<readonly Story[]> {
  const requests: ImageRequestView[] = [];
  for (let cursor = ''; ;) {
    const page = await tenant.api.read<{ data: ImageRequestView[]; nextCursor: string | null }>(
      `/v1/image-requests?limit=200${cursor}`,
    );
    requests.push(...page.data);
    if (page.nextCursor === null) break;
    cursor = `&cursor=${page.nextCursor}`;
  }
  const acts = await sql<{ id: string; action: string }>`
    select target ->> 'id' as id, action from audit_entries
    where tenant_id = ${tenant.id} and target ->> 'type' = 'image_request' order by position
  `.execute(service.database.postgres.db);
  const actsOf = Map.groupBy(acts.rows, ({ id }) => id);
  const eventsOf = Map.groupBy(await new EventLog(tenant.api).read(), ({ subject }) => subject);
  return requests.map((request) => ({
    request,
    acts: (actsOf.get(request.id) ?? []).map(({ action }) => action),
    events: (eventsOf.get(request.id) ?? []).map(({ type }) => type),
  }));
}

function everyAnswered(stories: readonly Story[], { answered, unanswered }: Posted, plan: Plan): Check {
  const known = new Set<string>(stories.map(({ request }) => request.id));
  return {
    what: 'every request that was answered is there',
    seen: `${answered.size} of ${plan.requests} answered, ${unanswered} posts repeated`,
    faults: [
      ...(answered.size === plan.requests ? [] : [`only ${answered.size} were answered`]),
      ...[...answered].filter((id) => !known.has(id)).map((id) => `${id} is unknown`),
    ],
  };
}

function everyEnded(stories: readonly Story[]): Check {
  const codes = Map.groupBy(
    stories.filter(({ request }) => request.status === 'failed'),
    ({ request }) => request.error?.code ?? 'no code',
  );
  const open = stories.filter(({ request }) => request.status !== 'succeeded' && request.status !== 'failed');
  const failed = [...codes].map(([code, { length }]) => `, ${length} failed with ${code}`).join('');
  return {
    what: 'every request has ended, and none failed without cause',
    seen: `${stories.length - open.length} of ${stories.length} ended${failed}`,
    faults: [
      ...open.map(({ request }) => `${request.id} is ${request.status}`),
      ...[...codes]
        .filter(([code]) => !LAWFUL_FAILURES.includes(code))
        .map(([code, { length }]) => `${length} failed with ${code}`),
    ],
  };
}

function oneImageEach(stories: readonly Story[], images: readonly SimulatorImage[]): Check {
  const succeeded = stories.filter(({ request }) => request.status === 'succeeded');
  const owners = Map.groupBy(succeeded, ({ request }) => request.imageId ?? 'none');
  const made = new Map(images.map((image) => [image.imageId, image]));
  return {
    what: 'one image for each that succeeded, none extra, none missing',
    seen: `${succeeded.length} succeeded, ${images.length} images`,
    faults: [
      ...[...owners].flatMap(([imageId, { length }]) =>
        length > 1 ? [`${imageId} belongs to ${length} requests`] : [],
      ),
      ...succeeded.flatMap(({ request }) => {
        const image = made.get(request.imageId ?? '');
        if (image === undefined) return [`${request.id} has no image`];
        return image.name === request.imageName ? [] : [`${request.id} adopted "${image.name}"`];
      }),
      ...images
        .filter(({ imageId }) => !owners.has(imageId))
        .map(({ imageId, name }) => `${imageId} "${name}" is nobody's`),
    ],
  };
}

function noSiblingAdopted(stories: readonly Story[], images: readonly SimulatorImage[], plan: Plan): Check {
  const siblings = stories.filter(({ request }) => request.imageName.startsWith('sibling-'));
  const names = new Map(images.map(({ imageId, name }) => [imageId, name]));
  const wrong = siblings.filter(
    ({ request }) => request.imageId !== null && names.get(request.imageId) !== request.imageName,
  );
  return {
    what: 'no image of a sibling name was adopted',
    seen: `${siblings.length} names that begin one another`,
    faults: [
      ...(siblings.length >= plan.siblings ? [] : [`only ${siblings.length} siblings`]),
      ...wrong.map(({ request }) => `${request.id} "${request.imageName}" has another's image`),
    ],
  };
}

function everyStepLawful(stories: readonly Story[]): Check {
  let steps = 0;
  const faults = stories.flatMap(({ request, acts }) => {
    const path = acts.flatMap((act) => STATUS_OF[act] ?? []);
    steps += path.length;
    const broken = path.slice(1).findIndex((to, at) => !MAY_FOLLOW[path[at] ?? '']?.includes(to));
    if (path[0] !== 'queued' || broken >= 0) return [`${request.id} went ${path.join(' > ')}`];
    return path.at(-1) === request.status ? [] : [`${request.id} is ${request.status}, its log says ${path.at(-1)}`];
  });
  return { what: 'every change of state is in the audit log, and lawful', seen: `${steps} changes`, faults };
}

function everyStepTold(stories: readonly Story[]): Check {
  let told = 0;
  const faults = stories.flatMap(({ request, acts, events }) => {
    told += events.length;
    const due = acts.flatMap((act) => EVENT_OF[act] ?? []);
    return due.join() === events.join() ? [] : [`${request.id} did ${due.join(', ')} and told ${events.join(', ')}`];
  });
  return { what: 'every change of state has its event, once and in order', seen: `${told} events`, faults };
}

async function everyEventDelivered({ tenant, receiver }: Party): Promise<Check> {
  const events: readonly FeedEvent[] = await new EventLog(tenant.api).read();
  const received = [...new Set(receiver.requests.map(({ headers }) => headers['webhook-id']))];
  const place = new Map(received.map((id, at) => [id, at]));
  const gaps = events.filter(({ sequence }, at) => sequence !== at + 1);
  const overtaken = [...Map.groupBy(events, ({ subject }) => subject)].filter(([, of]) =>
    of.slice(1).some(({ id }, at) => (place.get(id) ?? Infinity) < (place.get(of[at]?.id ?? '') ?? -1)),
  );
  return {
    what: `tenant "${tenant.name}": every event arrived, a request's in order, and the sequence has no gap`,
    seen: `${events.length} events, ${receiver.requests.length} deliveries`,
    faults: [
      ...overtaken.map(([subject]) => `events of ${subject} arrived out of order`),
      ...events.filter(({ id }) => !place.has(id)).map(({ id, type }) => `${id} ${type} never arrived`),
      ...gaps.slice(0, 1).map(({ sequence }) => `the sequence breaks at ${sequence}`),
    ],
  };
}

function limitHeld(
  arrivals: Readonly<Record<string, Readonly<Record<string, number>>>>,
  calls: readonly SimulatorCall[],
): Check {
  const most = Object.keys(LIMITS).map((action) => ({
    action,
    count: Math.max(0, ...Object.values(arrivals[action] ?? {})),
  }));
  return {
    what: 'the limit was never exceeded in any second',
    seen: most.map(({ action, count }) => `${action} ${count} of ${LIMITS[action]}`).join(', '),
    faults: [
      ...most.flatMap(({ action, count }) =>
        count > (LIMITS[action] ?? 0) ? [`${action}: ${count} in a second`] : [],
      ),
      ...calls.filter(({ rateLimited }) => rateLimited).map((call) => rejectionOf(call, calls)),
    ],
  };
}

/** When, and how the ones before it came: whoever reads it asks what else happened just then. */
function rejectionOf(rejected: SimulatorCall, calls: readonly SimulatorCall[]): string {
  const agesMs = calls
    .filter((call) => call.action === rejected.action && call.uin === rejected.uin && call.n < rejected.n)
    .map(({ arrivedAtMs }) => rejected.arrivedAtMs - arrivedAtMs)
    .filter((ageMs) => ageMs < 2000);
  const before = agesMs.map((ageMs) => ageMs.toFixed(1)).join(', ');
  return `${rejected.action} rejected at ${rejected.at}; those before it came ${before} ms earlier`;
}

function nameOf(effect: { readonly kind: string; readonly ms?: number | null }): string {
  return (effect.ms ?? null) === null ? effect.kind : `${effect.kind} ${effect.ms} ms`;
}

/** A few of many, and how many there are. */
export function inShort(faults: readonly string[]): string {
  const more = faults.length - FAULTS_SHOWN;
  return [...faults.slice(0, FAULTS_SHOWN), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
