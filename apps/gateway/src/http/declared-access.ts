import type { RequestMethod, Type } from '@nestjs/common';
import { type DiscoveryService, MetadataScanner, type Reflector } from '@nestjs/core';
import { ACCESS } from './access.js';

/** Nest keeps the method of a route handler under this key; only handlers have it. */
const ROUTE_METHOD = 'method';

/** Deny by default, checked at start: throws with the name of every route that does not say who may call it. */
export function assertEveryRouteDeclaresAccess(discovery: DiscoveryService, reflector: Reflector): void {
  const scanner = new MetadataScanner();
  const undeclared = discovery.getControllers().flatMap(({ metatype }) => {
    const controller = metatype as Type;
    const prototype = controller.prototype as Record<string, () => unknown>;
    return scanner
      .getAllMethodNames(prototype)
      .flatMap((name) => {
        const handler = prototype[name];
        return handler === undefined ? [] : [{ name, handler }];
      })
      .filter(({ handler }) => reflector.get<RequestMethod | undefined>(ROUTE_METHOD, handler) !== undefined)
      .filter(({ handler }) => reflector.getAllAndOverride<unknown>(ACCESS, [handler, controller]) === undefined)
      .map(({ name }) => `${controller.name}.${name}`);
  });
  if (undeclared.length > 0) throw new Error(`these routes do not say who may call them: ${undeclared.join(', ')}`);
}
