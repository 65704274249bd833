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
  readonly lifeMs: number;
  /** When the next one is fetched; later than planned once that has failed. */
  readonly refreshAtMs: number;
  readonly lastUseAtMs: number;
  readonly expiresAtMs: number;
}

/** Either part may be missing; without both there is no entry. */
interface Entry {
  readonly credentialVersion: number;
  session: Session | null;
  flight: Promise<Assumption> | null;
  dropTimer: NodeJS.Timeout | undefined;
}

/** From this part of its life on, a session is used while the next one is fetched. */
const REFRESH_AT = 0.8;
/** From here on callers wait for the next one, unless that has just failed: a call that is being prepared must arrive in time. */
const LAST_USE_AT = 0.9;
/** The pause after a fetch that failed, as a part of the life: a session asks some ten times for the next one, no more. */
const REFRESH_AGAIN_AFTER = 0.02;

/**
 * The sessions of roles that this process has, one for each account, of the newest version of its credential. However
 * many callers want one, a single call is under way for it. A failure reaches all who wait for that call and is kept for
 * nobody: without a session the next caller asks again, and with one it is used until the next one can be had.
 *
 * No session is kept longer than it lives, so what is held is bounded by the roles in use.
 */
export class RoleSessions {
  private readonly entries = new Map<AccountId, Entry>();

  constructor(
    private readonly assume: (role: AccountRole) => Promise<Assumption>,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** How many accounts it knows a session of or is fetching one for. */
  get size(): number {
    return this.entries.size;
  }

  /**
   * A session to sign the next call with. While the cloud or Redis is out of reach, one that still lives is used to its
   * end. Once the cloud has refused to lend the role, it is handed out no more.
   */
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
    const isOver = this.nowMs() >= session.expiresAtMs;
    return assumption.kind === 'assumed' || assumption.kind === 'refused' || isOver ? assumption : assumed(session);
  }

  /** The session that is there, asking nobody; null when there is none. */
  latest(key: RoleKey): TemporaryCredential | null {
    return this.sessionOf(key)?.credential ?? null;
  }

  /** For a session that the cloud does not take any more. One that has taken its place meanwhile stays. */
  drop(key: RoleKey, credential: { readonly secretId: TemporaryCredential['secretId'] }): void {
    const entry = this.entryOf(key);
    if (entry?.session?.credential.secretId === credential.secretId) this.clear(key.accountId, entry);
  }

  private entryOf({ accountId, credentialVersion }: RoleKey): Entry | null {
    const entry = this.entries.get(accountId);
    return entry?.credentialVersion === credentialVersion ? entry : null;
  }

  private sessionOf(key: RoleKey): Session | null {
    const entry = this.entryOf(key);
    if (entry === null || entry.session === null) return null;
    if (this.nowMs() < entry.session.expiresAtMs) return entry.session;
    this.clear(key.accountId, entry);
    return null;
  }

  private fetch(role: AccountRole): Promise<Assumption> {
    const { accountId, credentialVersion } = role;
    let entry = this.entries.get(accountId);
    // Whoever read the credential before it was rotated finishes with a session of his own, which nobody keeps.
    if (entry !== undefined && entry.credentialVersion > credentialVersion) return this.assume(role);
    if (entry?.credentialVersion !== credentialVersion) {
      if (entry !== undefined) this.clear(accountId, entry);
      entry = { credentialVersion, session: null, flight: null, dropTimer: undefined };
      this.entries.set(accountId, entry);
    }
    entry.flight ??= this.fly(role, entry);
    return entry.flight;
  }

  private async fly(role: AccountRole, entry: Entry): Promise<Assumption> {
    const askedAtMs = this.nowMs();
    let assumption: Assumption | null = null;
    try {
      assumption = await this.assume(role);
      return assumption;
    } finally {
      entry.flight = null;
      if (assumption?.kind === 'assumed') {
        this.keep(role.accountId, entry, sessionFrom(assumption.credential, askedAtMs));
      } else if (assumption?.kind === 'refused' || entry.session === null) {
        this.clear(role.accountId, entry);
      } else {
        const { lifeMs } = entry.session;
        entry.session = { ...entry.session, refreshAtMs: this.nowMs() + lifeMs * REFRESH_AGAIN_AFTER };
      }
    }
  }

  private keep(accountId: AccountId, entry: Entry, session: Session): void {
    clearTimeout(entry.dropTimer);
    if (this.entries.get(accountId) !== entry) return;
    entry.session = session;
    const lifeLeftMs = Math.max(0, session.expiresAtMs - this.nowMs());
    entry.dropTimer = setTimeout(() => this.clear(accountId, entry), lifeLeftMs).unref();
  }

  private clear(accountId: AccountId, entry: Entry): void {
    clearTimeout(entry.dropTimer);
    entry.session = null;
    if (entry.flight === null && this.entries.get(accountId) === entry) this.entries.delete(accountId);
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
    lifeMs,
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
