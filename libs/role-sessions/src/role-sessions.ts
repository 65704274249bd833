import type { Clock } from '#libs/clock';
import type { TemporaryCredential } from '#libs/cloud';
import type { AccountId } from '#libs/ids';
import type { Log } from '#libs/logging';
import { type Assumption, type RoleOrder, SESSION_SECONDS } from './assumption.js';

/** A role that an account acts as. */
export interface AccountRole extends RoleOrder {
  readonly accountId: AccountId;
  /** Of the account's credential: a rotated one has sessions of its own. */
  readonly credentialVersion: number;
}

/** As much of a role as tells its sessions from others. */
export type RoleKey = Pick<AccountRole, 'accountId' | 'credentialVersion'>;

interface Session {
  readonly credential: TemporaryCredential;
  readonly refreshAtMs: number;
  readonly lastUseAtMs: number;
  readonly expiresAtMs: number;
}

/** Either part may be missing; without both there is no entry. */
interface Entry {
  session: Session | null;
  flight: Promise<Assumption> | null;
  dropTimer: NodeJS.Timeout | undefined;
}

/** From this part of its life on, a session is used while the next one is fetched. */
const REFRESH_AT = 0.8;
/** From here on callers wait for the next one, for a call that is only being prepared must arrive before the end. */
const LAST_USE_AT = 0.9;

/**
 * The sessions of roles that this process has, one for each account and version of its credential. However many callers
 * want one, a single call is under way for it. A failure reaches all who wait for that call and is kept for nobody: the
 * next caller asks again.
 *
 * No session is kept longer than it lives, so what is held is bounded by the roles in use.
 */
export class RoleSessions {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly assume: (role: AccountRole) => Promise<Assumption>,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** How many roles it knows a session of or is fetching one for. */
  get size(): number {
    return this.entries.size;
  }

  /** A session to sign the next call with. While the cloud or Redis is out of reach, one that still lives is used to its end. */
  async open(role: AccountRole): Promise<Assumption> {
    const session = this.sessionOf(role);
    if (session === null) return this.fetch(role);
    const nowMs = this.nowMs();
    if (nowMs < session.refreshAtMs) return assumed(session);

    const next = this.fetch(role).catch((error: unknown): Assumption => {
      this.log.warn({ event: 'role_session.not_refreshed', ...keyOf(role), error });
      return { kind: 'unavailable', cause: 'the call of STS could not be made or written down' };
    });
    if (nowMs < session.lastUseAtMs) return assumed(session);
    const assumption = await next;
    return assumption.kind === 'assumed' || this.nowMs() >= session.expiresAtMs ? assumption : assumed(session);
  }

  /** A session that is made now, however long the last one still lives: it tells whether the role can be assumed at all. */
  async renew(role: AccountRole): Promise<Assumption> {
    return this.fetch(role);
  }

  /** The session that is there, asking nobody; null when there is none. */
  latest(key: RoleKey): TemporaryCredential | null {
    return this.sessionOf(key)?.credential ?? null;
  }

  /** For a session that the cloud does not take any more. One that has taken its place meanwhile stays. */
  drop(key: RoleKey, credential: { readonly secretId: TemporaryCredential['secretId'] }): void {
    const entry = this.entries.get(nameOf(key));
    if (entry?.session?.credential.secretId !== credential.secretId) return;
    this.clear(nameOf(key), entry);
  }

  private sessionOf(key: RoleKey): Session | null {
    const entry = this.entries.get(nameOf(key));
    if (entry === undefined || entry.session === null) return null;
    if (this.nowMs() < entry.session.expiresAtMs) return entry.session;
    this.clear(nameOf(key), entry);
    return null;
  }

  private fetch(role: AccountRole): Promise<Assumption> {
    const name = nameOf(role);
    const entry = this.entries.get(name) ?? { session: null, flight: null, dropTimer: undefined };
    this.entries.set(name, entry);
    entry.flight ??= this.fly(role, name, entry);
    return entry.flight;
  }

  private async fly(role: AccountRole, name: string, entry: Entry): Promise<Assumption> {
    const askedAtMs = this.nowMs();
    try {
      const assumption = await this.assume(role);
      if (assumption.kind === 'assumed') this.keep(name, entry, sessionFrom(assumption.credential, askedAtMs));
      return assumption;
    } finally {
      entry.flight = null;
      if (entry.session === null) this.entries.delete(name);
    }
  }

  private keep(name: string, entry: Entry, session: Session): void {
    clearTimeout(entry.dropTimer);
    entry.session = session;
    const lifeLeftMs = Math.max(0, session.expiresAtMs - this.nowMs());
    entry.dropTimer = setTimeout(() => this.clear(name, entry), lifeLeftMs).unref();
  }

  private clear(name: string, entry: Entry): void {
    clearTimeout(entry.dropTimer);
    entry.session = null;
    if (entry.flight === null && this.entries.get(name) === entry) this.entries.delete(name);
  }

  private nowMs(): number {
    return this.clock.now().getTime();
  }
}

/** Never longer than was asked for: a clock of ours that is behind must not make it look longer. */
function sessionFrom(credential: TemporaryCredential, askedAtMs: number): Session {
  const expiresAtMs = Math.min(credential.expiresAt.getTime(), askedAtMs + SESSION_SECONDS * 1000);
  const lifeMs = expiresAtMs - askedAtMs;
  return {
    credential,
    refreshAtMs: askedAtMs + lifeMs * REFRESH_AT,
    lastUseAtMs: askedAtMs + lifeMs * LAST_USE_AT,
    expiresAtMs,
  };
}

function assumed({ credential }: Session): Assumption {
  return { kind: 'assumed', credential };
}

function keyOf({ accountId, credentialVersion }: RoleKey): RoleKey {
  return { accountId, credentialVersion };
}

function nameOf({ accountId, credentialVersion }: RoleKey): string {
  return `${accountId} ${credentialVersion}`;
}
