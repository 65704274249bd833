import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { startReceiver, waitFor } from '#libs/testing';
import { ROTATE_KEYS, runToEnd } from '../../support/run-to-end.js';
import { rowsByKey, sealAccounts, type SealedAccount, unopened } from '../../support/sealed-accounts.js';
import { createAccount, startWholeService, type TestTenant, type WholeService } from '../../support/whole-service.js';
import { type Called, callUntil } from './callers.js';
import { Fleet } from './fleet.js';
import type { Plan } from './plan.js';

/** One step of the rotation: how long it took, and what callers did meanwhile. */
export interface Step {
  readonly name: string;
  readonly seconds: number;
  readonly accepted: number;
  readonly replaced: number;
  readonly failed: number;
}

export interface Check {
  readonly what: string;
  readonly seen: string;
  readonly holds: boolean;
}

export interface Drill {
  readonly steps: readonly Step[];
  readonly checks: readonly Check[];
  /** What callers and commands complained of, for whoever looks into it. */
  readonly complaints: readonly string[];
}

const ALL_END_WITHIN_MS = 120_000;
const CANNOT_GO_YET = /is still needed/;
const CAN_GO = /No row needs k1 any more/;

/** Rotates the master key the documented way, under load, and judges what callers saw of it. */
export async function runDrill(plan: Plan): Promise<Drill> {
  const [k1, k2] = ['k1', 'k2'].map((id) => `${id}:${randomBytes(32).toString('base64')}`) as [string, string];
  const receiver = await startReceiver();
  const service = await startWholeService({
    gateways: plan.gateways,
    workers: plan.workers,
    settings: { MASTER_KEYS: k1 },
  });
  const stopping = new AbortController();
  try {
    const tenant = await service.createTenant('busy');
    const accounts = [tenant.account];
    while (accounts.length < plan.busyAccounts) accounts.push(await createAccount(tenant.api, service.simulator));
    await tenant.api.created('/v1/webhook-endpoints', { url: receiver.url });
    const { postgres } = service.database;
    const sealed = await sealAccounts(postgres, k1, plan.credentials - accounts.length);

    const fleet = new Fleet(service);
    const called: Called = { accepted: [], replaced: { count: 0 }, failures: [] };
    const calling = callUntil(stopping.signal, fleet, { tenant, accounts }, service.simulator, plan, called);
    const timed = timer(called);
    const rotate = (keys: string, ...args: string[]) =>
      runToEnd(ROTATE_KEYS, { DATABASE_URL: service.database.url, MASTER_KEYS: keys }, args).ended;

    const steps: Step[] = [];
    steps.push((await timed('roll: k1, then k2', () => fleet.roll(`${k1},${k2}`))).step);
    steps.push((await timed('roll: k2, then k1', () => fleet.roll(`${k2},${k1}`))).step);
    const before = await timed('keys:rotate -- --report', () => rotate(`${k2},${k1}`, '--report'));
    const rotation = await timed('keys:rotate', () => rotate(`${k2},${k1}`));
    const after = await timed('keys:rotate -- --report', () => rotate(`${k2},${k1}`, '--report'));
    steps.push(before.step, rotation.step, after.step);
    steps.push((await timed('roll: k2 alone', () => fleet.roll(k2))).step);
    const last = await timed('wait: what is under way', async () => {
      stopping.abort();
      await calling;
      await allEnded(service);
    });
    steps.push(last.step);

    const commands = [before, rotation, after].map(({ result }) => result);
    return {
      steps,
      checks: [
        {
          what: 'no call of a caller failed',
          seen: `${called.failures.length} failed`,
          holds: called.failures.length === 0,
        },
        await everyRequestSucceeded(service, tenant, called),
        ...commandsSaid(commands, called),
        await everyRowMoved(service, plan),
        await everyCredentialOpens(service, k2, sealed),
        await everyMoveAudited(service, sealed),
        await nothingWentUnopened(service),
      ],
      complaints: [...called.failures, ...commands.flatMap(({ stderr }) => (stderr === '' ? [] : [stderr]))],
    };
  } finally {
    stopping.abort();
    await service.stop();
    await receiver.close();
  }
}

function timer(called: Called) {
  return async <Result>(
    name: string,
    work: () => Promise<Result>,
  ): Promise<{ readonly step: Step; readonly result: Result }> => {
    const [beganMs, accepted, replaced, failed] = [performance.now(), ...countsOf(called)] as const;
    const result = await work();
    const [acceptedNow, replacedNow, failedNow] = countsOf(called);
    const step = {
      name,
      seconds: (performance.now() - beganMs) / 1000,
      accepted: acceptedNow - accepted,
      replaced: replacedNow - replaced,
      failed: failedNow - failed,
    };
    return { step, result };
  };
}

function countsOf({ accepted, replaced, failures }: Called): readonly [number, number, number] {
  return [accepted.length, replaced.count, failures.length];
}

async function allEnded({ database }: WholeService): Promise<void> {
  await waitFor(
    async () => {
      const { rows } = await sql`select from image_requests where completed_at is null limit 1`.execute(
        database.postgres.db,
      );
      return rows.length === 0;
    },
    { timeoutMs: ALL_END_WITHIN_MS, intervalMs: 250, what: 'every request ends' },
  );
}

async function everyRequestSucceeded(service: WholeService, tenant: TestTenant, called: Called): Promise<Check> {
  const { rows } = await sql<{ id: string }>`
    select id from image_requests where tenant_id = ${tenant.id} and status = 'succeeded'
  `.execute(service.database.postgres.db);
  const succeeded = new Set(rows.map(({ id }) => id));
  const others = called.accepted.filter((id) => !succeeded.has(id));
  return {
    what: 'every accepted request became an image',
    seen: `${succeeded.size} of ${called.accepted.length}`,
    holds: called.accepted.length > 0 && others.length === 0,
  };
}

function commandsSaid(
  commands: readonly { readonly code: number | null; readonly stdout: string }[],
  called: Called,
): readonly Check[] {
  const [before, rotation, after] = commands;
  return [
    {
      what: 'credentials were replaced by their tenants meanwhile',
      seen: `${called.replaced.count} times`,
      holds: called.replaced.count > 0,
    },
    {
      what: 'keys:rotate said that k1 is needed before, and that it can go after',
      seen: commands.map(({ code }) => `exit ${code}`).join(', '),
      holds:
        commands.every(({ code }) => code === 0) &&
        CANNOT_GO_YET.test(before?.stdout ?? '') &&
        CAN_GO.test(rotation?.stdout ?? '') &&
        CAN_GO.test(after?.stdout ?? ''),
    },
  ];
}

async function everyRowMoved({ database }: WholeService, plan: Plan): Promise<Check> {
  const rows = await rowsByKey(database.postgres);
  // The credentials, and one signing secret.
  return {
    what: 'every row needs k2 alone',
    seen: JSON.stringify(rows),
    holds: Object.keys(rows).join() === 'k2' && rows['k2'] === plan.credentials + 1,
  };
}

async function everyCredentialOpens(
  { database }: WholeService,
  keys: string,
  sealed: readonly SealedAccount[],
): Promise<Check> {
  const faults = await unopened(database.postgres, keys, sealed);
  return {
    what: 'every credential opens without k1, to what was sealed',
    seen: `${sealed.length - faults.length} of ${sealed.length}`,
    holds: faults.length === 0,
  };
}

async function everyMoveAudited({ database }: WholeService, sealed: readonly SealedAccount[]): Promise<Check> {
  const { rows } = await sql<{ account_id: string; count: number }>`
    select account_id, count(*) as count from audit_entries where action = 'credential.rewrap' group by account_id
  `.execute(database.postgres.db);
  const counts = new Map(rows.map((row) => [row.account_id, row.count]));
  const wrong = sealed.filter(({ accountId }) => counts.get(accountId) !== 1);
  return {
    what: 'every account has one audit entry of it',
    seen: `${sealed.length - wrong.length} of ${sealed.length}`,
    holds: wrong.length === 0,
  };
}

async function nothingWentUnopened(service: WholeService): Promise<Check> {
  const lines = service
    .logs()
    .split('\n')
    .filter((line) => line.includes('"credential.not_opened"') || line.includes('has no master key'));
  return {
    what: 'no process met a box that it could not open',
    seen: `${lines.length} lines`,
    holds: lines.length === 0,
  };
}
