import { NotFound } from '#libs/errors';
import { type Id, type IdPrefix, isId } from '#libs/ids';

/** An id out of a path. What cannot be the id of such an object is answered as one that is not there. */
export function knownId<Prefix extends IdPrefix>(prefix: Prefix, id: string, what: string): Id<Prefix> {
  if (!isId(prefix, id)) throw new NotFound(what);
  return id;
}
