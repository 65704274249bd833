import pg from 'pg';

/** True when `error` is PostgreSQL's refusal of a second row under the named unique constraint or index (23505). */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return error instanceof pg.DatabaseError && error.code === '23505' && error.constraint === constraint;
}
