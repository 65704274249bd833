import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { Actor } from '#libs/audit';
import { Secret } from '#libs/secret';
import { type Authentication, Authenticator, InsufficientScope, MissingApiKey, type Scope } from '#libs/tenants';
import { type Access, ACCESS } from './access.js';
import { type AuthRefusal, AuthRefusals } from './auth-refusals.js';
import { GuessLimiter } from './guess-limiter.js';
import { TooManyFailures } from './http.errors.js';
import type { KeyHolder } from './key-holder.js';
import { refusalFor } from './key-refusal.js';
import { userAgentOf } from './request-origin.js';

const BEARER = /^Bearer +([\x21-\x7e]+)$/i;

/** Nobody passes a route that is not public without a key, nor one that asks for a scope without that scope. */
@Injectable()
export class CallerGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
    private readonly refusals: AuthRefusals,
    private readonly guesses: GuessLimiter,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access === undefined) throw new Error('a route without declared access is called');
    if (access.kind === 'public') return true;

    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const holder = await this.holderOf(request);
    request.holder = holder;
    if (access.kind === 'scope' && !scopesOf(holder).includes(access.scope)) {
      await this.refusals.record(request, { reason: 'insufficient_scope', apiKey: keyOf(holder), scope: access.scope });
      throw new InsufficientScope(access.scope);
    }
    return true;
  }

  private async holderOf(request: FastifyRequest): Promise<KeyHolder> {
    const presented = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (presented === undefined) {
      await this.refusals.record(request, { reason: 'missing', apiKey: null });
      throw new MissingApiKey('no bearer key in the request');
    }
    const authentication = await this.authenticator.authenticate(new Secret(presented));
    await this.refuseWhileSlowed(request, authentication);
    if (authentication.kind !== 'refused') return holderFor(authentication, request);

    const { reason, apiKey } = authentication;
    await this.refusals.record(request, { reason, apiKey });
    throw refusalFor(reason);
  }

  /**
   * A tenant's key is 256 random bits, so whoever has one did not guess it, and passes whatever others behind the same
   * address do. The operators' key may have been chosen by a person: while its address is slowed it is answered as an
   * unknown one is, word for word and step for step, so that nobody learns there whether a guess was right.
   */
  private async refuseWhileSlowed(request: FastifyRequest, authentication: Authentication): Promise<void> {
    if (isKeyInForce(authentication)) return;
    const isGuess = authentication.kind === 'refused' && authentication.reason === 'unknown';
    const slowedForMs = await this.guesses.count(request.ip, isGuess ? 1 : 0);
    if (slowedForMs === null) return;

    const apiKey = authentication.kind === 'refused' ? authentication.apiKey : null;
    await this.refusals.record(request, { reason: 'too_many_failures', apiKey });
    throw new TooManyFailures(slowedForMs);
  }
}

/** Of a tenant, suspended or not: neither revoked nor expired. */
function isKeyInForce(authentication: Authentication): boolean {
  if (authentication.kind === 'refused') return authentication.reason === 'tenant_suspended';
  return authentication.kind === 'tenant';
}

function holderFor(
  authentication: Exclude<Authentication, { readonly kind: 'refused' }>,
  request: FastifyRequest,
): KeyHolder {
  const isOperator = authentication.kind === 'operator';
  const actor: Actor = {
    type: 'api_key',
    id: isOperator ? 'admin' : authentication.apiKey.id,
    name: isOperator ? 'admin' : authentication.apiKey.name,
    ip: request.ip,
    userAgent: userAgentOf(request),
  };
  const acting = { actor, requestId: request.id };
  if (isOperator) return { kind: 'operator', acting };
  const { apiKey, tenantName } = authentication;
  return { kind: 'tenant', caller: { ...acting, tenantId: apiKey.tenantId }, apiKey, tenantName };
}

function scopesOf(holder: KeyHolder): readonly Scope[] {
  return holder.kind === 'operator' ? ['admin'] : holder.apiKey.scopes;
}

function keyOf(holder: KeyHolder): AuthRefusal['apiKey'] {
  return holder.kind === 'operator' ? 'admin' : holder.apiKey;
}
