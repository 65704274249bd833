/**
 * Who may import whom. Each rule says what breaks without it; CONTRIBUTING.md gives the picture.
 * Type-only imports count too: a boundary that only types cross is a boundary crossed.
 */

/** Every other lib but `testing` is foundation: a new one counts as such until it is named here. */
const DOMAIN = 'image-requests|lanes|cloud|tenants|accounts|credentials|role-sessions|events|webhooks|audit';

/** Matches a package, however deep it is installed. */
const npm = (names) => `(?:^|/)node_modules/(?:${names})(?:/|$)`;

const SPECS = '\\.(?:int-|e2e-)?spec\\.ts$|\\.contract\\.ts$';
const TESTS = `${SPECS}|^apps/[^/]+/test/|^test/`;
/** Parts that only ever run on a laptop or under test, so they may lean on development packages. */
const LOCAL_ONLY = '^apps/local/|^libs/(?:local-servers|testing)/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle means that a boundary is drawn in the wrong place: move what both sides want down, into a lib.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that does not resolve fails at start, not at build, when only its types are found.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nothing reaches is dead, or somebody forgot to wire it.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [
          TESTS,
          '\\.d\\.ts$',
          '^apps/[^/]+/src/main\\.ts$',
          '^libs/[^/]+/src/index\\.ts$',
          '^libs/testing/src/jest-global-(?:setup|teardown)\\.ts$',
        ],
      },
      to: {},
    },
    {
      name: 'no-unlisted-packages',
      comment: 'A package that package.json does not name is there by luck and goes with the next install.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dev-packages-in-production',
      comment: 'The image carries no development packages: such an import works here and fails once deployed.',
      severity: 'error',
      from: { path: '^(?:apps|libs)/', pathNot: [TESTS, LOCAL_ONLY] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'], pathNot: npm('@types') },
    },
    {
      name: 'no-lib-to-app',
      comment: 'Libs serve every app; one that knows an app can serve no other.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'no-app-to-app',
      comment: 'Apps are separate processes. What two of them want is a lib.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'examples-stand-alone',
      comment: 'An example is copied by people who have nothing else of ours.',
      severity: 'error',
      from: { path: '^examples/([^/]+)/' },
      to: { path: '^(?:apps|libs|test|examples)/', pathNot: '^examples/$1/' },
    },
    {
      name: 'no-examples-imported',
      comment: 'Examples show how our output is used; nothing of ours may come to need one.',
      severity: 'error',
      from: { path: '^(?:apps|libs|test)/' },
      to: { path: '^examples/' },
    },
    {
      name: 'no-simulator-to-libs',
      comment: 'The simulator judges our calls. If it shared our code it would share our mistakes and judge nothing.',
      severity: 'error',
      from: { path: '^apps/simulator/' },
      to: { path: '^libs/' },
    },
    {
      name: 'no-foundation-to-domain',
      comment: 'Foundation libs are what domains stand on. The other way round, each would need the other to be built.',
      severity: 'error',
      from: { path: '^libs/', pathNot: [`^libs/(?:${DOMAIN}|testing)/`, SPECS] },
      to: { path: `^libs/(?:${DOMAIN})/` },
    },
    {
      name: 'libs-through-their-index',
      comment: 'index.ts is what a lib promises. Whoever reaches past it breaks when the inside is rearranged.',
      severity: 'error',
      from: { path: '^(?:libs/([^/]+)|apps/[^/]+|test)/' },
      to: { path: '^libs/[^/]+/', pathNot: ['^libs/[^/]+/src/index\\.ts$', '^libs/$1/'] },
    },
    {
      name: 'libs-by-name',
      comment: 'Between libs only #libs/… resolves alike in the sources, in the build and in the tests.',
      severity: 'error',
      from: { path: '^(?:libs/([^/]+)|apps/[^/]+|test)/' },
      to: { path: '^libs/', pathNot: '^libs/$1/', dependencyTypes: ['local'], dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'cloud-sdk-only-in-cloud',
      comment: 'One place speaks to the cloud, so one place knows its errors, its hosts and what may be retried.',
      severity: 'error',
      from: { path: '^(?:apps|libs|test)/', pathNot: ['^libs/cloud/', '^apps/simulator/test/'] },
      to: { path: npm('tencentcloud-sdk-[^/]+') },
    },
    {
      name: 'sql-only-in-stores',
      comment: 'Services get a transaction from #libs/postgres and hand it down; a store writes the statements.',
      severity: 'error',
      from: {
        path: '^(?:apps|libs|test)/',
        pathNot: ['\\.store\\.ts$', '^libs/(?:postgres|testing|local-servers)/', TESTS],
      },
      to: { path: npm('kysely|pg') },
    },
    {
      name: 'bullmq-only-at-the-queue-edge',
      comment: 'The rows are the truth and the queue may be lost: domains that knew BullMQ would come to rely on it.',
      severity: 'error',
      from: { path: '^(?:apps|libs|test)/', pathNot: ['^libs/queues/', '^apps/worker/', TESTS] },
      to: { path: npm('bullmq|@nestjs/bullmq') },
    },
    {
      name: 'http-only-in-apps',
      comment: 'HTTP is the edge. A domain that knew routes or statuses could not be served by the worker.',
      severity: 'error',
      from: { path: '^libs/', pathNot: ['^libs/testing/', TESTS] },
      to: { path: npm('@nestjs/swagger|@nestjs/platform-fastify|fastify|@fastify/[^/]+') },
    },
    {
      name: 'testing-only-in-tests',
      comment: 'Test helpers start servers and drop schemas: nothing that ships may reach them.',
      severity: 'error',
      from: { path: '^(?:apps|libs)/', pathNot: ['^libs/testing/', TESTS] },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'local-servers-only-on-a-laptop',
      comment: 'It installs and starts databases. Production is handed its databases by whoever runs it.',
      severity: 'error',
      from: {
        path: '^(?:apps|libs|test)/',
        pathNot: ['^libs/(?:local-servers|testing)/', '^apps/local/', '^libs/local-servers/.*spec\\.ts$'],
      },
      to: { path: '^libs/local-servers/' },
    },
    {
      name: 'no-specs-imported',
      comment: 'A spec that another file imports runs its tests twice, or in production.',
      severity: 'error',
      from: {},
      to: { path: '\\.(?:int-|e2e-)?spec\\.ts$' },
    },
    {
      name: 'no-deprecated-node-modules',
      comment: 'Parts of Node that are deprecated go away with a release.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['core'], path: '^(?:node:)?(?:punycode|domain|sys|constants)$' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: ['node_modules', '^dist/'] },
    exclude: { path: ['^dist/', '^coverage/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      // `types` first: in package.json's imports it is the condition that leads #libs/… to the sources.
      conditionNames: ['types', 'import', 'node', 'default', 'require'],
      mainFields: ['module', 'main', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
    skipAnalysisNotInRules: true,
  },
};
