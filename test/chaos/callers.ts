import { setTimeout as sleep } from 'node:timers/promises';
import { newImageName, newInstanceId } from '../support/image-requests.js';
import type { Plan } from './plan.js';
import type { Party, World } from './world.js';

const CALLERS = 12;
const ASK_AGAIN_MS = 200;
/** Every so many requests are for the instance of the one before. */
const SAME_INSTANCE_EVERY = 20;

/** What became of posting. */
export interface Posted {
  /** Ids that an answer named: these requests must end. */
  readonly answered: ReadonlySet<string>;
  /** How often nobody answered, so that the caller had to post once more. */
  readonly unanswered: number;
}

interface Order {
  readonly party: Party;
  readonly body: Record<string, unknown>;
}

/**
 * Posts all requests as a caller would who must have an answer: one that gets none posts the same again, to the next
 * gateway, and is told if the first has been taken after all. `onPosted` hears how many are through.
 */
export async function postAll(world: World, plan: Plan, onPosted: (count: number) => void): Promise<Posted> {
  const orders = ordersOf(world, plan);
  const answered = new Set<string>();
  let [unanswered, next] = [0, 0];
  const caller = async (): Promise<void> => {
    for (let at = next++; at < orders.length; at = next++) {
      const order = orders[at];
      if (order === undefined) return;
      for (let tries = 0; ; tries += 1) {
        const id = await post(world, order, at + tries);
        if (id !== null) {
          answered.add(id);
          break;
        }
        unanswered += 1;
        await sleep(ASK_AGAIN_MS);
      }
      onPosted(answered.size);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return { answered, unanswered };
}

function ordersOf({ parties }: World, plan: Plan): readonly Order[] {
  const places = parties.flatMap((party) => party.accounts.map((account) => ({ party, account })));
  let [place, instanceId] = [places[0], newInstanceId()];
  return Array.from({ length: plan.requests }, (_, n) => {
    const isSibling = n < plan.siblings;
    if (n % SAME_INSTANCE_EVERY !== 0 || isSibling) {
      place = places[isSibling ? 0 : n % places.length];
      instanceId = newInstanceId();
    }
    if (place === undefined) throw new Error('there is no account');
    return {
      party: place.party,
      body: {
        accountId: place.account.id,
        region: 'ap-guangzhou',
        // "sibling-1" begins "sibling-10" and "sibling-100": the cloud's filter by name finds them all.
        imageName: isSibling ? `sibling-${n}` : newImageName(),
        instanceId,
        priority: n % 10,
      },
    };
  });
}

/** The id of the request; null when nobody answered. A refusal other than "you have posted that already" is a fault of the run. */
async function post({ service }: World, { party, body }: Order, turn: number): Promise<string | null> {
  const live = service.gateways.flatMap(({ url }) => url ?? []);
  const url = live[turn % live.length];
  try {
    const answer = await fetch(`${url}/v1/image-requests`, {
      method: 'POST',
      headers: { authorization: `Bearer ${party.tenant.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
    const said = (await answer.json()) as { id?: string; code?: string; imageRequestId?: string };
    if (answer.status === 202 && said.id !== undefined) return said.id;
    if (said.code === 'image_name_in_use' && said.imageRequestId !== undefined) return said.imageRequestId;
    // The database is away for a moment.
    if (answer.status >= 500) return null;
    throw new UnexpectedRefusal(`POST /v1/image-requests: ${answer.status} ${JSON.stringify(said)}`);
  } catch (error) {
    if (error instanceof UnexpectedRefusal) throw error;
    return null;
  }
}

class UnexpectedRefusal extends Error {}
