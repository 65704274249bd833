import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiSecurity } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Acting, Caller, Scope } from '#libs/tenants';
import type { KeyHolder } from './key-holder.js';
import { Problems } from './problem.view.js';

/** Who may call a route. One without such a declaration keeps the gateway from starting. */
export type Access =
  { readonly kind: 'public' } | { readonly kind: 'any-key' } | { readonly kind: 'scope'; readonly scope: Scope };

export const ACCESS = 'access';
/** What the document calls our only way to say who calls; the scope that a route asks for stands beside it. */
const BEARER = 'bearer';

export function RequiresScope(scope: Scope): ReturnType<typeof applyDecorators> {
  return applyDecorators(declare({ kind: 'scope', scope }), ApiSecurity(BEARER, [scope]), Problems(401, 403, 429));
}

/** Any key that is in force, the operators' own too. */
export function AnyKey(): ReturnType<typeof applyDecorators> {
  return applyDecorators(declare({ kind: 'any-key' }), ApiBearerAuth(BEARER), Problems(401, 403, 429));
}

export function Public(): MethodDecorator & ClassDecorator {
  return declare({ kind: 'public' });
}

function declare(access: Access): MethodDecorator & ClassDecorator {
  return SetMetadata(ACCESS, access);
}

/** The tenant's key that calls. Only on routes whose scope tenants can hold. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const holder = holderIn(context);
  if (holder.kind !== 'tenant') throw new Error('an operator has no tenant: the route declares the wrong scope');
  return holder.caller;
});

/** Who acts, operator or tenant. */
export const CurrentActing = createParamDecorator((_data: unknown, context: ExecutionContext): Acting => {
  const holder = holderIn(context);
  return holder.kind === 'operator' ? holder.acting : holder.caller;
});

export const CurrentHolder = createParamDecorator((_data: unknown, context: ExecutionContext): KeyHolder =>
  holderIn(context),
);

function holderIn(context: ExecutionContext): KeyHolder {
  const { holder } = context.switchToHttp().getRequest<FastifyRequest>();
  if (holder === undefined) throw new Error('a public route asks who calls it');
  return holder;
}
