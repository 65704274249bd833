import { globSync, readFileSync } from 'node:fs';
import { FAULT_CODES } from '../../apps/gateway/src/http/fault-codes.js';
import { EDGE_CODES } from '../../apps/gateway/src/http/problem.js';
import { PROBLEM_TYPES, type ProblemType } from '../../apps/gateway/src/http/problem-types.js';

const STATUS_OF_KIND: Readonly<Record<string, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  unprocessable: 422,
  rate_limited: 429,
  unavailable: 503,
  internal: 500,
};

const sources = globSync('{libs/*/src,apps/gateway/src}/**/*.ts')
  .filter((path) => !path.endsWith('spec.ts'))
  .map((path) => readFileSync(path, 'utf8'));
/** Code and kind of every `AppError`, as the classes declare them. */
const thrown = sources.flatMap((source) =>
  [...source.matchAll(/extends AppError \{\s+readonly code = '(\w+)';\s+readonly kind = '(\w+)';/g)].map(
    ([, code = '', kind = '']) => ({ code, kind }),
  ),
);
const documented = readFileSync('docs/errors.md', 'utf8');
const types = new Map<string, ProblemType>(Object.entries(PROBLEM_TYPES));

describe('Public error codes', () => {
  it('are read from every class that declares one', () => {
    const classes = sources.flatMap((source) => [...source.matchAll(/extends AppError \{/g)]);
    expect(thrown).toHaveLength(classes.length);
  });

  it('have a page each, and no page is left over', () => {
    expect([...types.keys()].sort()).toEqual([...new Set([...thrown.map(({ code }) => code), ...EDGE_CODES])].sort());
  });

  it('have the status of their kind on that page', () => {
    for (const { code, kind } of thrown) expect([code, types.get(code)?.status]).toEqual([code, STATUS_OF_KIND[kind]]);
  });

  it('stand in docs/errors.md with the words of their page, and no others do', () => {
    const [problems = ''] = documented.split('## Faults of the input');
    const rows = [...problems.matchAll(/^\| `(\w+)` +\| (\d+) +\| (.+?) +\| (.+?) +\|$/gm)];
    expect(rows.map(([, code, status, meaning, remedy]) => [code, Number(status), meaning, remedy])).toEqual(
      [...types].map(([code, { status, meaning, remedy }]) => [code, status, meaning, remedy]),
    );
  });

  it('of single faults stand there too, and no others do', () => {
    const [, faults = ''] = documented.split('## Faults of the input');
    const rows = [...faults.matchAll(/^\| `(\w+)` +\| (.+?) +\|$/gm)];
    expect(rows.map(([, code, meaning]) => [code, meaning])).toEqual(Object.entries(FAULT_CODES));
  });
});
