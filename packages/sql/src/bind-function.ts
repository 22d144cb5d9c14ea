import { type Expr, printType, type Schema, type SqlType } from '@rowtime/core';
import type * as ast from './ast.ts';
import { bindExpr, call, plainContext } from './bind-expr.ts';
import { type Catalog, nameOf } from './catalog.ts';
import { SqlError } from './errors.ts';
import { substitute } from './rules.ts';
import { Scope } from './scope.ts';
import { printName } from './suggest.ts';
import { typeOf } from './types.ts';
import { walk } from './visit.ts';

/** A call of a function of the program: its body, with the arguments in place of the parameters. */
export function bindUserCall(
  node: ast.Call,
  args: readonly Expr[],
  overloads: readonly ast.CreateFunction[],
  catalog: Catalog,
): Expr {
  const name = printName(node.name.name);
  if (node.star || node.quantifier !== null)
    throw new SqlError('SQL_ARGUMENTS', `${name} is a function of values, not an aggregate`, node.span);
  const fn = overloads.find(
    ({ parameters }) =>
      parameters.length === args.length && parameters.every(({ type }, i) => fits(args[i]?.type, typeOf(type))),
  );
  if (!fn) {
    const types = args.map(({ type }) => printType(type)).join(', ');
    // AWS SQL reference, "CREATE FUNCTION": no implicit cast of what is passed.
    throw new SqlError(
      'SQL_ARGUMENTS',
      `there is no ${name}(${types})`,
      node.span,
      `there is ${overloads.map(signature).join(' and ')}; arguments are not converted, so CAST them`,
    );
  }
  const body = bindFunction(fn, catalog);
  const given = fn.parameters.map(({ type }, i) => exactly(args[i] as Expr, typeOf(type)));
  const value = substitute(body, ({ index }) => given[index]);
  const whole = fn.onNull === 'returnsNull' ? nullOnNull(given, value, node.span) : value;
  if (size(whole) > nodesMax) {
    throw new SqlError(
      'SQL_TOO_COMPLEX',
      `${name} with these arguments in its body is more than ${nodesMax} operators`,
      node.span,
      'compute the arguments in a subquery in FROM',
    );
  }
  return whole;
}

/** The body of a function as an expression over its parameters. */
export function bindFunction(fn: ast.CreateFunction, catalog: Catalog): Expr {
  const name = printName(nameOf(fn.name));
  const body = catalog.functions.body(fn, () => {
    checkDataAccess(fn, name);
    const parameters: Schema = fn.parameters.map((parameter) => ({
      name: parameter.name.name,
      type: typeOf(parameter.type),
      nullable: true,
    }));
    const scope = new Scope([{ name: nameOf(fn.name), schema: parameters, offset: 0, isTable: true }], catalog);
    const expr = bindExpr(fn.body, plainContext(scope, `the body of function ${name}`));
    const returns = typeOf(fn.returns);
    if (fits(expr.type, returns)) return exactly(expr, returns);
    throw new SqlError(
      'SQL_TYPE',
      `function ${name} returns ${printType(returns)}, and its body is ${printType(expr.type)}`,
      fn.body.span,
      `results are not converted; write CAST(… AS ${printType(returns)})`,
    );
  });
  if (body) return body;
  throw new SqlError('SQL_CYCLE', `function ${name} calls itself`, fn.name.span, 'functions cannot be recursive');
}

// AWS SQL reference, "CREATE FUNCTION": a function that reads data without READS SQL DATA is refused.
function checkDataAccess(fn: ast.CreateFunction, name: string): void {
  if (fn.dataAccess.includes('readsSqlData')) return;
  walk(fn.body, (node) => {
    if (node.kind !== 'select') return true;
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      `function ${name} reads a table, and does not say so`,
      node.span,
      'write READS SQL DATA before RETURN',
    );
  });
}

function signature({ name, parameters }: ast.CreateFunction): string {
  return `${printName(nameOf(name))}(${parameters.map(({ type }) => printType(typeOf(type))).join(', ')})`;
}

/** True where a value of one type is a value of the other as it stands. */
function fits(from: SqlType | undefined, to: SqlType): boolean {
  if (!from) return false;
  switch (from.kind) {
    case 'null':
      return true;
    case 'decimal':
      return to.kind === 'decimal' && from.scale <= to.scale && from.precision - from.scale <= to.precision - to.scale;
    case 'char':
      return (to.kind === 'char' && from.length === to.length) || (to.kind === 'varchar' && isShorter(from, to));
    case 'varchar':
    case 'varbinary':
      return to.kind === from.kind && isShorter(from, to);
    case 'binary':
      return (to.kind === 'binary' && from.length === to.length) || (to.kind === 'varbinary' && isShorter(from, to));
    case 'interval':
      return to.kind === 'interval' && from.unit === to.unit;
    default:
      return from.kind === to.kind;
  }
}

function isShorter(from: { readonly length: number | null }, to: { readonly length: number | null }): boolean {
  return to.length === null || (from.length !== null && from.length <= to.length);
}

function exactly(expr: Expr, type: SqlType): Expr {
  return JSON.stringify(expr.type) === JSON.stringify(type) ? expr : { kind: 'cast', arg: expr, type };
}

function nullOnNull(args: readonly Expr[], value: Expr, span: ast.Span): Expr {
  const isNull = args.map((arg) => call('IS_NULL', [arg], span));
  const [first, ...rest] = isNull;
  if (!first) return value;
  const any = rest.reduce((all, one) => call('OR', [all, one], span), first);
  const none: Expr = { kind: 'cast', arg: { kind: 'literal', value: null, type: { kind: 'null' } }, type: value.type };
  return call('CASE', [any, none, value], span);
}

/** A body that uses a parameter twice doubles with each call inside a call. */
const nodesMax = 100_000;

function size(expr: Expr, known = new Map<Expr, number>()): number {
  let nodes = known.get(expr);
  if (nodes !== undefined) return nodes;
  nodes = 1;
  if (expr.kind === 'call') for (const arg of expr.args) nodes += size(arg, known);
  else if (expr.kind === 'cast') nodes += size(expr.arg, known);
  known.set(expr, nodes);
  return nodes;
}
