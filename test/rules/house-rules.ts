import ts from 'typescript';

const STORES = /\.store\.ts$|^libs\/(?:postgres|testing|local-servers)\/|^test\/|\/test\/|spec\.ts$/;
const MAY_READ_ENVIRONMENT =
  /^libs\/(?:config|testing|local-servers)\/|^apps\/local\/|^apps\/simulator\/src\/settings\.ts$|^apps\/[^/]+\/test\/|^test\/|^scripts\//;
const SQL =
  /^\s*(?:with\s+\w+\s+as\s*\(|select\s[\s\S]+\sfrom\s|insert\s+into\s|update\s+[\w"${}.]+\s+set\s|delete\s+from\s)/i;
/** The rules' own examples. */
const EXAMPLES = 'test/rules/house-rules.spec.ts';

/** Every breach of the rules that neither the linter nor dependency-cruiser can express, as `path:line rule`. */
export function breachesIn(path: string, code: string): string[] {
  if (path === EXAMPLES) return [];
  const source = ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true);
  const breaches = todosWithoutIssue(code).map((position) => ({ position, rule: 'todo-without-issue' }));

  const visit = (node: ts.Node): void => {
    const rule = ruleBrokenBy(node, path);
    if (rule !== undefined) breaches.push({ position: node.getStart(source), rule });
    ts.forEachChild(node, visit);
  };
  visit(source);

  return breaches.map(({ position, rule }) => {
    const { line } = source.getLineAndCharacterOfPosition(position);
    return `${path}:${line + 1} ${rule}`;
  });
}

function ruleBrokenBy(node: ts.Node, path: string): string | undefined {
  if (ts.isExportDeclaration(node) && !isNamedExport(node)) return 'export-star';
  if (ts.isIdentifier(node) && node.text === 'forwardRef') return 'forward-ref';
  if (isTodoTest(node)) return 'test-left-for-later';
  if (!STORES.test(path) && SQL.test(textOf(node))) return 'sql-outside-store';
  if (!MAY_READ_ENVIRONMENT.test(path) && takesEnvironment(node)) return 'environment-outside-config';
  return undefined;
}

function isNamedExport(node: ts.ExportDeclaration): boolean {
  return node.exportClause !== undefined && ts.isNamedExports(node.exportClause);
}

function isTodoTest(node: ts.Node): boolean {
  return (
    ts.isPropertyAccessExpression(node) &&
    node.name.text === 'todo' &&
    ts.isIdentifier(node.expression) &&
    ['it', 'test'].includes(node.expression.text)
  );
}

/** What a literal says, its gaps left as gaps; empty for every other node. */
function textOf(node: ts.Node): string {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map((span) => `\${}${span.literal.text}`).join('');
  }
  return '';
}

/** The ways round the linter's own ban on `process.env`. */
function takesEnvironment(node: ts.Node): boolean {
  if (ts.isImportSpecifier(node)) {
    const from = node.parent.parent.parent.moduleSpecifier;
    return (
      (node.propertyName ?? node.name).text === 'env' &&
      ts.isStringLiteral(from) &&
      /^(?:node:)?process$/.test(from.text)
    );
  }
  return (
    ts.isBindingElement(node) &&
    (node.propertyName ?? node.name).getText() === 'env' &&
    ts.isVariableDeclaration(node.parent.parent) &&
    node.parent.parent.initializer?.getText() === 'process'
  );
}

function todosWithoutIssue(code: string): number[] {
  const marks = code.matchAll(/(?:\/\/|\/\*|^\s*\*).*?\b(?:todo|fixme)\b(?!\(#\d+\))/gim);
  return [...marks].map((match) => match.index);
}
