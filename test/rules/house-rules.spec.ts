import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { breachesIn } from './house-rules.js';

const sources = globSync('{apps,libs,test,scripts}/**/*.{ts,mjs}');
const scripts = globSync('libs/**/*.lua');
const includes = new Set(scripts.flatMap((path) => includesOf(readFileSync(path, 'utf8'))));

/** The number in `verb-noun.<number of keys>.lua`; a part that others include takes the keys of those. */
function keysNamed(path: string): number {
  const count = /\/[a-z]+(?:-[a-z]+)+\.(\d+)\.lua$/.exec(path)?.[1];
  if (count !== undefined) return Number(count);
  return includes.has(basename(path)) ? keysUsed(path) : Number.NaN;
}

function keysUsed(path: string): number {
  const own = readFileSync(path, 'utf8');
  const included = includesOf(own).map((name) => readFileSync(join(dirname(path), name), 'utf8'));
  const keys = [own, ...included].flatMap((text) => [...text.matchAll(/\bKEYS\[(\d+)\]/g)]);
  return Math.max(0, ...keys.map((match) => Number(match[1])));
}

function includesOf(text: string): string[] {
  return [...text.matchAll(/^-- @include (\S+)$/gm)].map(([, name = '']) => name);
}

describe('House rules', () => {
  it('are kept by every source file', () => {
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.flatMap((path) => breachesIn(path, readFileSync(path, 'utf8')))).toEqual([]);
  });

  it('give every Lua script a name that says how many keys it takes', () => {
    const misnamed = scripts.filter((path) => keysNamed(path) !== keysUsed(path));
    expect(misnamed).toEqual([]);
  });

  it('leave no folder for what has no name of its own', () => {
    const folders = globSync('{apps,libs}/**/{common,shared,core,utils,helpers,misc}');
    expect(folders).toEqual([]);
  });

  it.each([
    ['libs/lanes/src/index.ts', `export * from './lane.js';`, 'export-star'],
    ['libs/lanes/src/index.ts', `export * as lanes from './lane.js';`, 'export-star'],
    ['libs/lanes/src/lanes.service.ts', `@Inject(forwardRef(() => Lane)) x;`, 'forward-ref'],
    ['libs/lanes/src/lane.ts', '// TODO: later', 'todo-without-issue'],
    ['libs/lanes/src/lane.ts', '/* fixme */', 'todo-without-issue'],
    ['libs/tenants/src/tenants.service.ts', 'const q = `select id from tenants`;', 'sql-outside-store'],
    [
      'libs/tenants/src/tenants.service.ts',
      'const q = `\n  update tenants\n  set name = ${name}`;',
      'sql-outside-store',
    ],
    ['apps/gateway/src/tenants/x.ts', `run('DELETE FROM tenants')`, 'sql-outside-store'],
    ['libs/tenants/src/tenants.spec.ts', `it.todo('refuses a suspended tenant');`, 'test-left-for-later'],
    ['apps/worker/src/main.ts', `import { env } from 'node:process';`, 'environment-outside-config'],
    ['apps/worker/src/main.ts', `const { env } = process;`, 'environment-outside-config'],
  ])('catch in %s: %s', (path, code, rule) => {
    expect(breachesIn(path, code)).toEqual([expect.stringContaining(rule)]);
  });

  it.each([
    ['libs/lanes/src/index.ts', `export { Lane } from './lane.js';`],
    ['libs/lanes/src/lane.ts', '// TODO(#12): probe faster'],
    ['libs/lanes/src/lane.ts', `const word = 'select a lane, update it';`],
    ['libs/lanes/src/lane.ts', '/** A token is deleted from the set, then select id from x is only prose. */'],
    ['libs/tenants/src/tenant.store.ts', 'const q = sql`select id from tenants`;'],
    ['libs/postgres/src/migrations.ts', `run('select name from migrations')`],
    ['libs/tenants/src/tenants.int-spec.ts', `run('delete from tenants')`],
    ['libs/config/src/load-settings.ts', `read(process.env)`],
  ])('allow in %s: %s', (path, code) => {
    expect(breachesIn(path, code)).toEqual([]);
  });
});
