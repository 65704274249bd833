import { type Id, type IdPrefix, isId } from '#libs/ids';
import { InvalidCursor } from './http.errors.js';

/** Opaque to callers: where a list of objects with that kind of id goes on. */
export function cursorAfter(id: Id<IdPrefix>): string {
  return Buffer.from(`after:${id}`).toString('base64url');
}

/** Null without a cursor; `InvalidCursor` for one that no list of this kind gave. */
export function idAfter<Prefix extends IdPrefix>(prefix: Prefix, cursor: string | undefined): Id<Prefix> | null {
  if (cursor === undefined) return null;
  const id = contentOf(cursor, 'after');
  if (!isId(prefix, id)) throw new InvalidCursor('a cursor without a fitting id');
  return id;
}

/** The same for lists that are ordered by a position instead of an id. */
export function cursorBehind(position: number): string {
  return Buffer.from(`behind:${position}`).toString('base64url');
}

/** 0, where a list begins, without a cursor. */
export function positionBehind(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const position = contentOf(cursor, 'behind');
  if (!/^[1-9]\d{0,14}$/.test(position)) throw new InvalidCursor('a cursor without a position');
  return Number(position);
}

/** Only the exact text that we gave counts: a decoder that forgives would let one place have many cursors. */
function contentOf(cursor: string, kind: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!text.startsWith(`${kind}:`) || Buffer.from(text).toString('base64url') !== cursor)
    throw new InvalidCursor('a cursor of another kind');
  return text.slice(kind.length + 1);
}
