import pg from 'pg';

/** True when `error` is PostgreSQL's refusal of a second row under the named unique constraint or index (23505). */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return error instanceof pg.DatabaseError && error.code === '23505' && error.constraint === constraint;
}

/** True when it is the refusal of a row that refers, under the named constraint, to a row that is not there (23503). */
export function isForeignKeyViolation(error: unknown, constraint: string): boolean {
  return error instanceof pg.DatabaseError && error.code === '23503' && error.constraint === constraint;
}
