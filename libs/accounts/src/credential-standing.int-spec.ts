import type { AccountId } from '#libs/ids';
import type { Caller } from '#libs/tenants';
import { waitFor } from '#libs/testing';
import { AccountStack, ALICE, CREDENTIAL, refusal } from '../../../test/support/account-stack.js';
import { CredentialRejected, UpstreamUnavailable } from './accounts.errors.js';
import type { RefusedCall, Standing } from './credential-standing.js';

describe('The standing of a credential', () => {
  let stack: AccountStack;
  let caller: Caller;
  let id: AccountId;

  beforeAll(async () => {
    stack = await AccountStack.start();
  });
  afterAll(() => stack.stop());
  beforeEach(async () => {
    caller = await stack.newCaller();
    id = await stack.newAccount(caller);
    stack.clock.advance(60_000);
  });

  const refused = async (call: Partial<RefusedCall> = {}): Promise<Standing> =>
    stack.database.postgres.transaction((tx) =>
      stack.standing.refused(
        tx,
        {
          tenantId: caller.tenantId,
          accountId: id,
          credentialVersion: 1,
          calledAt: stack.clock.now(),
          action: 'cvm.CreateImage',
          code: 'AuthFailure.SecretIdNotFound',
          upstreamRequestId: 'cvm-1',
          ...call,
        },
        caller,
      ),
    );
  const shown = async () => (await stack.accounts.get(caller.tenantId, id)).rejection;

  it('is lost with one event and one entry, however many calls are refused at once', async () => {
    const standings = await Promise.all(Array.from({ length: 10 }, () => refused()));
    const rejection = { at: stack.clock.now(), code: 'AuthFailure.SecretIdNotFound', upstreamRequestId: 'cvm-1' };

    expect(standings).toEqual(Array.from({ length: 10 }, () => ({ kind: 'rejected', rejection })));
    expect(await shown()).toEqual(rejection);
    const events = await stack.eventsOf(id);
    expect(events).toMatchObject([
      {
        type: 'account.credential_rejected',
        subject: id,
        account_id: id,
        data: {
          account: {
            id,
            status: 'active',
            credential: {
              version: 1,
              rejectedAt: rejection.at.toISOString(),
              rejectedCode: 'AuthFailure.SecretIdNotFound',
            },
          },
        },
      },
    ]);
    expect(JSON.stringify(events)).not.toContain('canarycanary');
    expect((await stack.actionsOf(caller, id)).slice(3)).toEqual(['account.credential_rejected failure']);
  });

  it('of a new version is not lost by a late refusal of the one before', async () => {
    await stack.accounts.replaceCredential(caller, id, CREDENTIAL);
    stack.clock.advance(1000);

    expect(await refused({ credentialVersion: 1 })).toEqual({ kind: 'outdated' });
    expect(await shown()).toBeNull();
    expect(await stack.eventsOf(id)).toEqual([]);
    expect(await refused({ credentialVersion: 2 })).toMatchObject({ kind: 'rejected' });
  });

  it('is not lost by a refusal from before the cloud last vouched for it, unless that keeps coming', async () => {
    const calledAt = stack.clock.now();
    stack.clock.advance(1000);
    await stack.accounts.verify(caller, id);

    expect(await refused({ calledAt })).toEqual({ kind: 'outdated' });
    expect(await shown()).toBeNull();
    expect(await refused({ calledAt: null })).toMatchObject({ kind: 'rejected' });
  });

  it('has no say for another tenant', async () => {
    const stranger = await stack.newCaller();

    expect(await refused({ tenantId: stranger.tenantId })).toEqual({ kind: 'outdated' });
    expect(await shown()).toBeNull();
  });

  it('comes back with a new credential, and not with one that is refused too', async () => {
    await refused();
    stack.answer = refusal('AuthFailure.SignatureFailure');
    await expect(stack.accounts.replaceCredential(caller, id, CREDENTIAL)).rejects.toThrow(CredentialRejected);
    expect(await shown()).not.toBeNull();

    stack.answer = ALICE;
    expect(await stack.accounts.replaceCredential(caller, id, CREDENTIAL)).toMatchObject({
      rejection: null,
      credential: { version: 2 },
    });
    expect(await shown()).toBeNull();
    expect(await stack.actionsOf(caller, id)).toContain('account.credential_restored success');
    expect(await refused({ credentialVersion: 2, calledAt: null })).toMatchObject({ kind: 'rejected' });
    expect(await stack.eventsOf(id)).toHaveLength(2);
  });

  it('is lost and comes back as a verification finds it', async () => {
    stack.answer = refusal('AuthFailure.SecretIdNotFound');
    await expect(stack.accounts.verify(caller, id)).rejects.toThrow(CredentialRejected);
    await expect(stack.accounts.verify(caller, id)).rejects.toThrow(CredentialRejected);
    expect(await shown()).toMatchObject({ code: 'AuthFailure.SecretIdNotFound', upstreamRequestId: 'sts-1' });
    expect(await stack.eventsOf(id)).toHaveLength(1);

    stack.answer = 'garbage';
    await expect(stack.accounts.verify(caller, id)).rejects.toThrow(UpstreamUnavailable);
    expect(await shown()).not.toBeNull();
    stack.answer = { ...ALICE, UserId: '3' };
    expect(await stack.accounts.verify(caller, id)).toMatchObject({ ok: false });
    expect(await shown()).not.toBeNull();
    stack.answer = ALICE;
    expect(await stack.accounts.verify(caller, id)).toMatchObject({ ok: true });
    expect(await shown()).toBeNull();
  });

  it.each(['UnauthorizedOperation', 'IpNotInWhitelist', 'RequestLimitExceeded', 'AuthFailure.SignatureExpire'])(
    'is not lost by %s, which says nothing of the key',
    async (code) => {
      stack.answer = refusal(code);
      await expect(stack.accounts.verify(caller, id)).rejects.toThrow();

      expect(await shown()).toBeNull();
      expect(await stack.eventsOf(id)).toEqual([]);
    },
  );

  it('is not touched by the answer about a credential that is replaced meanwhile', async () => {
    const gate = Promise.withResolvers<void>();
    const asked = stack.sts.requests.length;
    stack.answer = refusal('AuthFailure.SecretIdNotFound');
    stack.gate = gate.promise;
    const verifying = stack.accounts.verify(caller, id);
    await waitFor(() => stack.sts.requests.length > asked);
    await stack.database.postgres.transaction((tx) => stack.credentials.replace(tx, caller.tenantId, id, CREDENTIAL));
    gate.resolve();
    stack.gate = null;

    await expect(verifying).rejects.toThrow(CredentialRejected);
    expect(await shown()).toBeNull();
    expect(await stack.eventsOf(id)).toEqual([]);
  });

  it('survives rotations, verifications and refusals that race, without one of them failing', async () => {
    const acts = Array.from({ length: 8 }, (_, n) => async (): Promise<unknown> => {
      if (n % 4 === 0) return stack.accounts.replaceCredential(caller, id, CREDENTIAL);
      return n % 4 === 1 ? stack.accounts.verify(caller, id) : refused({ credentialVersion: 1, calledAt: null });
    });
    await Promise.all(acts.map((act) => act()));
    await stack.accounts.verify(caller, id);

    expect(await stack.accounts.get(caller.tenantId, id)).toMatchObject({
      rejection: null,
      credential: { version: 3 },
    });
  });
});
