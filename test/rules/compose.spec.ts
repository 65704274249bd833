import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { environmentNames, GatewaySettings, MigrationSettings, WorkerSettings } from '#libs/config';

interface Service {
  readonly image: string;
  readonly environment: Readonly<Record<string, string | number>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
}

const text = readFileSync('docker-compose.yml', 'utf8');
const { services } = parse(text, { merge: true }) as {
  services: Readonly<Record<string, Service>>;
};
const dockerfile = readFileSync('deploy/Dockerfile', 'utf8');
const { version, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  devDependencies: { node: string };
};

const APPS = [
  ['gateway', GatewaySettings],
  ['worker', WorkerSettings],
  ['migrate', MigrationSettings],
] as const;

function serviceNamed(name: string): Service {
  const service = services[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return service;
}

describe('docker-compose.yml', () => {
  it.each(APPS)('sets for %s only variables that it reads', (name, settings) => {
    const known = environmentNames(settings).map((variable) => variable.name);
    expect(Object.keys(serviceNamed(name).environment).filter((variable) => !known.includes(variable))).toEqual([]);
  });

  it.each(APPS)('sets for %s every variable that it requires', (name, settings) => {
    const required = environmentNames(settings).filter((variable) => variable.required);
    expect(Object.keys(serviceNamed(name).environment)).toEqual(
      expect.arrayContaining(required.map((variable) => variable.name)),
    );
  });

  it.each(APPS.slice(0, 2))('hands %s every variable that an operator may set', (name, settings) => {
    const names = environmentNames(settings).map((variable) => variable.name);
    expect(Object.keys(serviceNamed(name).environment).sort()).toEqual([...names].sort());
  });

  it('does not start without MASTER_KEYS, which may be empty only where MASTER_KEYS_FILE stands in', () => {
    expect(text).toMatch(/\$\{MASTER_KEYS\?\S/);
  });

  it.each(['POSTGRES_PASSWORD', 'ADMIN_API_KEY', 'AUDIT_SIGNING_KEY'])(
    'does not start without %s, and says so',
    (secret) => {
      const uses = [...text.matchAll(new RegExp(`\\$\\{${secret}\\b([^}]*)\\}`, 'g'))].map((match) => match[1]);
      expect(uses.length).toBeGreaterThan(0);
      for (const use of uses) expect(use).toMatch(/^:\?\S/);
    },
  );

  it.each(['postgres', 'redis', 'gateway', 'simulator'])('checks the health of %s', (name) => {
    const words = serviceNamed(name).healthcheck?.test ?? [];
    expect(words.length).toBeGreaterThan(1);
    // A word with a colon in it may turn into a mapping unseen.
    expect(words.map((word) => typeof word)).toEqual(words.map(() => 'string'));
  });

  it('pins every image to a version', () => {
    for (const { image } of Object.values(services)) expect(image).toMatch(/^[\w./-]+:\d+\.\d+/);
    expect(serviceNamed('gateway').image).toBe(`cvm-image-service:${version}`);
    expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map((match) => match[1])).toEqual([
      `node:${devDependencies.node}-bookworm-slim`,
      `node:${devDependencies.node}-bookworm-slim`,
    ]);
  });

  it('opens ports to this machine alone', () => {
    for (const port of Object.values(services).flatMap((service) => service.ports ?? [])) {
      expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });

  it('hands the simulator the variables that it reads, and no others', () => {
    const source = readFileSync('apps/simulator/src/settings.ts', 'utf8');
    const names = new Set([...source.matchAll(/setting\('(\w+)'/g)].map((match) => match[1]));
    expect(new Set(Object.keys(serviceNamed('simulator').environment))).toEqual(names);
  });

  it('keeps the simulator out of everything but the demo', () => {
    expect(serviceNamed('simulator').profiles).toEqual(['demo']);
  });

  it('runs one image, whose processes hold no rights but their own', () => {
    for (const name of ['migrate', 'gateway', 'worker', 'simulator']) {
      expect(serviceNamed(name).image).toBe(serviceNamed('gateway').image);
    }
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toContain('npm prune --omit=dev');
  });
});
