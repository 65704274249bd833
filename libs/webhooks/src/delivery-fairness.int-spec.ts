import { sql } from 'kysely';
import type { Caller } from '#libs/tenants';
import { waitFor } from '#libs/testing';
import { WebhookStack } from '../../../test/support/webhook-stack.js';
import type { WebhookEndpoint } from './webhook-endpoint.js';

const SUBJECTS = 60;
const IN_FLIGHT_MAX = 10;

describe('Fairness between endpoints', () => {
  let stack: WebhookStack;
  let caller: Caller;
  let answers: (() => void)[];
  let made: { readonly endpoint: WebhookEndpoint };

  beforeAll(async () => {
    stack = await WebhookStack.start({ redisDatabase: 13, timeoutMs: 30_000 });
  });

  beforeEach(async () => {
    await stack.reset();
    caller = await stack.newCaller();
    answers = [];
    const { url } = await stack.receiver((response) => answers.push(() => response.writeHead(204).end()));
    made = await stack.endpointAt(caller, url);
  });

  afterAll(() => stack.stop());

  it('keeps ten attempts in flight to one endpoint, however many are due and whoever is called', async () => {
    await stack.happenMany(caller, SUBJECTS);
    const dispatch = stack.dispatch(made);
    await waitFor(() => answers.length === IN_FLIGHT_MAX);
    expect(await stack.newWorker().dispatcher.dispatch(made.endpoint.id)).toEqual({ kind: 'held' });
    expect(answers).toHaveLength(IN_FLIGHT_MAX);

    for (let answered = 0; answered < SUBJECTS; answered += 1) {
      const answer = await waitFor(() => answers[answered]);
      expect(answers.length - answered).toBeLessThanOrEqual(IN_FLIGHT_MAX);
      answer();
    }
    expect(await dispatch).toEqual({ kind: 'drained', nextAt: null });
  });

  it('sends what happens meanwhile though other attempts hang', async () => {
    await stack.happenMany(caller, 3);
    const dispatch = stack.dispatch(made);
    await waitFor(() => answers.length === 3);
    await stack.happen(caller, 'ireq_new');
    const call = stack.newWorker().dispatcher.dispatch(made.endpoint.id);

    await waitFor(() => answers.length === 4);
    for (const answer of answers) answer();
    await Promise.all([dispatch, call]);
  });

  it('keeps an endpoint for as long as the worker lives, however long a receiver takes', async () => {
    await stack.happen(caller, 'ireq_1');
    const dispatch = stack.dispatch(made);
    await waitFor(() => answers.length === 1);
    const leasedUntil = async (): Promise<Date> => {
      const { rows } = await sql<{ at: Date | null }>`
        select leased_until as at from webhook_dispatches where endpoint_id = ${made.endpoint.id}
      `.execute(stack.database.postgres.db);
      return rows[0]?.at ?? new Date(0);
    };
    const first = await leasedUntil();

    await waitFor(async () => (await leasedUntil()) > first, { timeoutMs: 10_000 });
    answers[0]?.();
    expect(await dispatch).toEqual({ kind: 'drained', nextAt: null });
    expect(await leasedUntil()).toEqual(new Date(0));
  }, 20_000);

  it('lets no other endpoint wait for one that is full', async () => {
    await stack.happenMany(caller, SUBJECTS);
    const dispatch = stack.dispatch(made);
    await waitFor(() => answers.length === IN_FLIGHT_MAX);
    const other = await stack.newCaller();
    const { url, requests } = await stack.receiver();
    const healthy = await stack.endpointAt(other, url);
    await stack.happen(other, 'ireq_other');

    expect(await stack.dispatch(healthy)).toEqual({ kind: 'drained', nextAt: null });
    expect(requests).toHaveLength(1);
    await stack.tenantSide.endpoints.delete(caller, made.endpoint.id);
    for (const answer of answers) answer();
    await dispatch;
  });

  it('stops calling an endpoint that fails ten times in a row, probes it alone, and goes on when it works again', async () => {
    let failing = true;
    let inFlight = 0;
    let inFlightMost = 0;
    const { url, requests } = await stack.receiver((response) => {
      inFlight += 1;
      inFlightMost = Math.max(inFlightMost, inFlight);
      response.on('close', () => (inFlight -= 1));
      response.writeHead(failing ? 500 : 204).end();
    });
    await stack.tenantSide.endpoints.delete(caller, made.endpoint.id);
    const broken = await stack.endpointAt(caller, url);
    await stack.happenMany(caller, SUBJECTS);

    const opened = await stack.dispatch(broken);
    expect(requests).toHaveLength(10);
    expect(opened).toMatchObject({ kind: 'drained', nextAt: expect.any(Date) as Date });
    expect(await stack.deliverySide.forgotten.callWorkers()).toBe(0);

    stack.passStep(0);
    inFlightMost = 0;
    await stack.dispatch(broken);
    expect(requests).toHaveLength(11);
    expect(inFlightMost).toBe(1);

    failing = false;
    stack.clock.advance(20_000);
    await stack.dispatch(broken);
    expect(requests.length).toBe(11 + SUBJECTS);
  });
});
