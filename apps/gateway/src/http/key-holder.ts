import type { ApiKey, Acting, Caller } from '#libs/tenants';

/** Who sent the request, once the key has been checked. */
export type KeyHolder =
  | { readonly kind: 'operator'; readonly acting: Acting }
  | { readonly kind: 'tenant'; readonly caller: Caller; readonly apiKey: ApiKey; readonly tenantName: string };

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard; undefined on public routes and before it ran. */
    holder?: KeyHolder;
    /** Why the request was refused, for its log line; `error` only where someone must look into it. */
    failure?: { readonly code: string; readonly error: unknown };
  }
}
