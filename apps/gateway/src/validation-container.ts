import type { INestApplication } from '@nestjs/common';
import { KnownRegion } from './image-requests/known-region.js';

/** Rules that need a part of the application; class-validator makes all others itself. */
const RULES_WITH_PARTS: readonly unknown[] = [KnownRegion];

/**
 * Where class-validator gets what it works with. Nest is asked for its own rules alone: it would write an error to the
 * log for each class that it does not know.
 */
export function validationContainer(app: Pick<INestApplication, 'get'>): { get<T>(type: new () => T): T } {
  const made = new Map<unknown, unknown>();
  return {
    get<T>(type: new () => T): T {
      if (RULES_WITH_PARTS.includes(type)) return app.get<T>(type);
      if (!made.has(type)) made.set(type, new type());
      return made.get(type) as T;
    },
  };
}
