import { sql } from 'kysely';
import { waitFor } from '#libs/testing';
import { needlesFor } from './needles.js';
import { type Place, placesOf } from './places.js';
import type { Plan } from './plan.js';
import { SCENES } from './scenes.js';
import { Search } from './search.js';
import { type Party, setStage, type Stage } from './stage.js';

/** What was seen in one place. */
export interface Check {
  readonly place: string;
  readonly bytes: number;
  /** Whether the search found what stands there for certain. */
  readonly isSearched: boolean;
  /** Each secret that was found, by its label and form, with what stands around it. */
  readonly found: readonly string[];
}

export interface Run {
  readonly plan: Plan;
  readonly secrets: number;
  readonly answers: number;
  readonly webhooks: number;
  readonly seconds: number;
  readonly checks: readonly Check[];
}

const IDLE_WITHIN_MS = 120_000;

/** Plays every scene for every tenant, lets the service come to rest, and looks for each secret in each place. */
export async function runCanary(plan: Plan): Promise<Run> {
  const began = performance.now();
  const stage = await setStage();
  try {
    const parties = await playAll(stage, plan);
    const staying = parties.find(({ number }) => number % 2 === 0);
    if (staying === undefined) throw new Error('every tenant has left: the plan wants two of them at least');
    await untilIdle(stage);
    await stage.plantSessions();
    await stage.plantSigningKeys();
    const checks: Check[] = [];
    for (const place of placesOf(stage, staying)) checks.push(await check(place, stage));
    return {
      plan,
      secrets: stage.secrets.size + stage.keysOfService.size,
      answers: stage.answers.texts.length,
      webhooks: stage.receiver.requests.length + stage.failing.requests.length,
      seconds: (performance.now() - began) / 1000,
      checks,
    };
  } finally {
    await stage.stop();
  }
}

async function playAll(stage: Stage, { tenants, atOnce }: Plan): Promise<readonly Party[]> {
  const numbers = Array.from({ length: tenants }, (_, index) => index + 1);
  const parties: Party[] = [];
  const play = async (): Promise<void> => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
      const party = await stage.newParty(number);
      for (const scene of SCENES) await playOne(stage, party, scene);
      parties.push(party);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, play));
  return parties;
}

async function playOne(stage: Stage, party: Party, scene: (typeof SCENES)[number]): Promise<void> {
  try {
    await scene.play(party, stage);
  } catch (error) {
    throw new Error(`tenant ${party.number} failed where ${scene.name}`, { cause: error });
  }
}

/** No request is open and no delivery waits: what a process still holds then, it keeps. */
async function untilIdle({ service }: Stage): Promise<void> {
  await waitFor(
    async () => {
      const { rows } = await sql<{ open: number }>`
        select (select count(*) from image_requests where completed_at is null)::int
             + (select count(*) from webhook_deliveries where status = 'pending')::int
             + (select count(*) from events where sequence is null)::int as open
      `.execute(service.database.postgres.db);
      return rows[0]?.open === 0;
    },
    { timeoutMs: IDLE_WITHIN_MS, intervalMs: 100, what: 'no request is open and no delivery waits' },
  );
}

async function check(place: Place, stage: Stage): Promise<Check> {
  const control = new Search(needlesFor('control', place.control));
  const found = new Set<string>();
  let bytes = 0;
  let isSearched = false;
  let search: Search | null = null;
  for await (const text of place.read()) {
    // Made once the first part was read, for to get at it may have planted more.
    search ??= searchFor(place, stage);
    bytes += text.length;
    isSearched ||= control.find(text).length > 0;
    for (const { needle, at } of search.find(text))
      found.add(`${needle.label}, ${needle.form}: ${around(text, at, needle.bytes.length)}`);
  }
  return { place: place.name, bytes, isSearched, found: [...found] };
}

function searchFor({ holdsKeysOfService }: Place, { secrets, keysOfService }: Stage): Search {
  return new Search([...secrets.needles(), ...(holdsKeysOfService ? [] : keysOfService.needles())]);
}

const CONTEXT_BYTES = 60;

/** What led there, without the secret itself. */
function around(text: Buffer, at: number, length: number): string {
  const before = text.subarray(Math.max(0, at - CONTEXT_BYTES), at).toString('latin1');
  const after = text.subarray(at + length, at + length + CONTEXT_BYTES).toString('latin1');
  return JSON.stringify(`${before}[secret]${after}`);
}
