import { globSync } from 'node:fs';
import ts from 'typescript';

const paths = globSync('libs/*/src/*.store.ts');
const config = ts.getParsedCommandLineOfConfigFile(
  'tsconfig.json',
  {},
  { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined },
);
const program = ts.createProgram(paths, config?.options ?? {});
const checker = program.getTypeChecker();

/** Methods that are bound to something which belongs to one tenant alone, and that nobody can list. */
const BOUND_OTHERWISE = ['ApiKeyStore.findByHash'];
/** Methods over what belongs to no tenant and is there for everybody to see. */
const PUBLIC = ['SigningKeyStore.listPublished'];

interface Method {
  readonly name: string;
  readonly parameters: readonly ts.ParameterDeclaration[];
}

const methods: readonly Method[] = paths.flatMap((path) => {
  const classes = program.getSourceFile(path)?.statements.filter(ts.isClassDeclaration) ?? [];
  return classes.flatMap((store) =>
    store.members.filter(ts.isMethodDeclaration).map((method) => ({
      name: `${store.name?.text}.${method.name.getText()}`,
      parameters: [...method.parameters],
    })),
  );
});

/** What a transaction over all tenants is needed for, and nobody who acts as one of them has. */
function asksForTheSystem({ parameters }: Method): boolean {
  const on = parameters[0]?.type?.getText();
  return on === 'SystemTx' || on === 'SystemDb';
}

function namesTenant({ parameters }: Method): boolean {
  return parameters.some((parameter) => {
    if (parameter.type?.getText() === 'TenantId') return true;
    const type = checker.getTypeAtLocation(parameter);
    const parts = [type, checker.getIndexTypeOfType(type, ts.IndexKind.Number)];
    return parts.some((part) => part !== undefined && checker.getPropertyOfType(part, 'tenantId') !== undefined);
  });
}

describe('Stores', () => {
  it('are all read by this test', () => {
    expect(program.getSemanticDiagnostics().map(({ messageText }) => messageText)).toEqual([]);
    expect(paths.length).toBeGreaterThan(10);
    expect(methods.length).toBeGreaterThan(60);
  });

  it('have no method that touches rows of tenants without naming one or asking for the system', () => {
    const unbound = methods.filter((method) => !asksForTheSystem(method) && !namesTenant(method));
    expect(unbound.map(({ name }) => name).sort()).toEqual([...BOUND_OTHERWISE, ...PUBLIC].sort());
  });
});
