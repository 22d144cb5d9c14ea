import {
  ArgumentError,
  aggregateFunction,
  analyticFunction,
  castable,
  commonType,
  type Expr,
  isNumeric,
  isText,
  printType,
  type Schema,
  type SqlType,
} from '@rowtime/core';
import type * as ast from './ast.ts';
import { unreachable } from './ast.ts';
import { bindUserCall } from './bind-function.ts';
import { betweenRows, compareRows, distinctRows, equalsRow, nullRow } from './bind-row.ts';
import { bindSubquery } from './bind-subquery.ts';
import { bindTemporal } from './bind-temporal.ts';
import { SqlError } from './errors.ts';
import { insteadOf } from './foreign-functions.ts';
import { functionNamed, functions } from './functions/index.ts';
import { recordField, recordFunction, recordFunctions } from './functions/log-parse/index.ts';
import { datetimeLiteral, intervalLiteral, numberLiteral } from './literals.ts';
import type { Scope } from './scope.ts';
import { printName, suggest } from './suggest.ts';
import { typeOf } from './types.ts';

/** Where an expression stands: what its names mean, and what becomes of aggregates. */
export interface ExprContext {
  readonly scope: Scope;
  /** Takes a node as a whole before its parts are looked at: a GROUP BY key, for one. null: go on. */
  match(node: ast.Expr): Expr | null;
  /** A column that `match` did not take. */
  column(node: ast.Column): Expr;
  aggregate(call: ast.Call): Expr;
  /** A function OVER a window. */
  analytic(call: ast.Call): Expr;
}

/** Expressions over the columns of `scope`, without aggregates. `where` names the clause for the error message. */
export function plainContext(scope: Scope, where: string): ExprContext {
  return {
    scope,
    match: () => null,
    column: (node) => scope.column(node),
    aggregate: (call) => {
      throw new SqlError(
        'SQL_AGGREGATE',
        `${call.name.name} cannot be used in ${where}`,
        call.span,
        'compute it in the select list of a subquery, or use HAVING',
      );
    },
    analytic: (call) => {
      throw new SqlError(
        'SQL_AGGREGATE',
        `${call.name.name} OVER a window cannot be used in ${where}`,
        call.span,
        'compute it in the select list of a subquery',
      );
    },
  };
}

/** Resolves every name and type of an expression. Forms that others express are rewritten into those: BETWEEN, IN, NULLIF. */
export function bindExpr(node: ast.Expr, context: ExprContext): Expr {
  const matched = context.match(node);
  if (matched) return matched;
  const bind = (part: ast.Expr): Expr => bindExpr(part, context);
  switch (node.kind) {
    case 'column':
      return context.column(node);
    case 'number':
      return numberLiteral(node);
    case 'string':
      return { kind: 'literal', value: node.value, type: { kind: 'char', length: node.value.length } };
    case 'binaryString':
      return { kind: 'literal', value: node.hex, type: { kind: 'binary', length: node.hex.length / 2 } };
    case 'boolean':
      return { kind: 'literal', value: node.value, type: { kind: 'boolean' } };
    case 'null':
      return { kind: 'literal', value: null, type: { kind: 'null' } };
    case 'datetime':
      return datetimeLiteral(node);
    case 'interval':
      return intervalLiteral(node);
    case 'unary':
      return bindUnary(node, bind);
    case 'binary':
      return compareRows(node, bind) ?? call(node.op, [bind(node.left), bind(node.right)], node.opSpan);
    case 'is': {
      const rows = nullRow(node, bind);
      if (rows) return rows;
      const operand = bind(node.operand);
      const name = node.test === 'TRUE' ? 'IS_TRUE' : node.test === 'FALSE' ? 'IS_FALSE' : 'IS_NULL';
      return negate(call(name, [operand], node.span), node.negated, node.span);
    }
    case 'isDistinct':
      return distinctRows(node, bind) ?? bindDistinct(node, bind(node.left), bind(node.right));
    case 'between': {
      const rows = betweenRows(node, bind);
      if (rows) return negate(rows, node.negated, node.span);
      const operand = bind(node.operand);
      const low = call('>=', [operand, bind(node.low)], node.span);
      const high = call('<=', [operand, bind(node.high)], node.span);
      return negate(call('AND', [low, high], node.span), node.negated, node.span);
    }
    case 'inList': {
      const equalTo = equalsRow(node.operand, bind) ?? equals(bind(node.operand), bind);
      const equal = node.items.map(equalTo);
      if (equal.length === 0) throw new SqlError('SQL_SYNTAX', 'the list of IN is empty', node.span);
      return negate(anyOf(equal, node.span), node.negated, node.span);
    }
    case 'case':
      return bindCase(node, bind);
    case 'cast': {
      const arg = bind(node.operand);
      const type = typeOf(node.type);
      if (castable(arg.type, type)) return { kind: 'cast', arg, type };
      throw new SqlError('SQL_TYPE', `${printType(arg.type)} cannot be cast to ${printType(type)}`, node.span);
    }
    case 'call':
      return bindCall(node, context, bind);
    case 'unit':
      return { kind: 'literal', value: node.unit, type: unitType };
    case 'like': {
      const operands = [node.operand, node.pattern, ...(node.escape ? [node.escape] : [])];
      return negate(callOf(node.op, operands, bind, node.span), node.negated, node.span);
    }
    case 'temporal':
      return bindTemporal(node, bind);
    case 'trim': {
      const blank: Expr = { kind: 'literal', value: ' ', type: { kind: 'char', length: 1 } };
      const characters = node.characters ? bind(node.characters) : blank;
      return call(`TRIM ${node.side.toUpperCase()}`, [characters, bind(node.value)], node.span);
    }
    case 'datetimeDifference': {
      const { start, end } = node.qualifier;
      const units = [start, end ?? start].map((unit): Expr => ({ kind: 'literal', value: unit, type: unitType }));
      return call('DATETIME_DIFFERENCE', [bind(node.left), bind(node.right), ...units], node.span);
    }
    case 'field':
      return bindField(node, context);
    case 'period':
      throw new SqlError(
        'SQL_SYNTAX',
        'a period is an operand of a temporal predicate',
        node.span,
        'write (start, end) OVERLAPS (start, end)',
      );
    case 'row': {
      const [only] = node.items;
      if (only && node.items.length === 1) return bind(only);
      throw new SqlError(
        'SQL_TYPE',
        'a row of several values is no value',
        node.span,
        'compare it with another row: (a, b) = (c, d), or (a, b) IN (…)',
      );
    }
    case 'inQuery':
    case 'exists':
    case 'scalarQuery':
      return bindSubquery(node, context);
    case 'cursor':
      throw new SqlError(
        'SQL_SYNTAX',
        'CURSOR is an argument of a table function',
        node.span,
        'write FROM TABLE(FUNCTION(CURSOR(…)))',
      );
    default:
      return unreachable(node);
  }
}

const unitType: SqlType = { kind: 'varchar', length: null };

/** A call of the function table, or an error that says which types it got. `argSpans`: where the arguments stand, if they
 *  stand in the text one by one. */
export function call(name: string, args: readonly Expr[], span: ast.Span, argSpans: readonly ast.Span[] = []): Expr {
  const bound = withPlace(() => functionNamed(name)?.bind(args), span, argSpans);
  if (bound) return { kind: 'call', name, args, type: bound.type };
  const types = args.map(({ type }) => printType(type));
  const infix = /^\W+$|^(AND|OR)$/.test(name) && types.length === 2;
  const what = infix ? `${types[0]} ${name} ${types[1]}` : `${name}(${types.join(', ')})`;
  const doc = functionNamed(name)?.doc ?? '';
  const form = doc.startsWith(`${name}(`) ? doc : null;
  const hint = argumentsHint(name, args) ?? form ?? castHint(name, args);
  throw new SqlError('SQL_ARGUMENTS', `there is no ${what}`, span, hint);
}

/** A constant that a function cannot use, as an error of the program. */
function withPlace<T>(bind: () => T, span: ast.Span, argSpans: readonly ast.Span[]): T {
  try {
    return bind();
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    throw new SqlError('SQL_ARGUMENTS', error.message, argSpans[error.argument] ?? span);
  }
}

function callOf(name: string, args: readonly ast.Expr[], bind: (part: ast.Expr) => Expr, span: ast.Span): Expr {
  return call(
    name,
    args.map(bind),
    span,
    args.map((arg) => arg.span),
  );
}

export function notYet(what: string, span: ast.Span): SqlError {
  return new SqlError('SQL_NOT_SUPPORTED_YET', `${what} is not supported yet`, span);
}

function argumentsHint(name: string, args: readonly Expr[]): string | null {
  const kinds = args.map(({ type }) => type.kind);
  if (
    kinds.length === 2 &&
    kinds.some((kind) => kind === 'char' || kind === 'varchar') &&
    kinds.some((kind) => isNumeric({ kind } as SqlType))
  ) {
    return 'text and numbers do not mix; use CAST(… AS INTEGER), or CAST(… AS VARCHAR(20))';
  }
  const [, by] = args;
  if (name === 'STEP' && by?.kind === 'literal' && by.value !== null && Number(by.value) <= 0) {
    return 'what STEP counts by must be above 0';
  }
  if (name === '-' && kinds.every((kind) => kind === 'timestamp'))
    return 'a difference of times needs a unit: (a - b) SECOND';
  return null;
}

/** The argument that would have to be of another type, if there is one. */
function castHint(name: string, args: readonly Expr[]): string | null {
  const types: readonly SqlType[] = [{ kind: 'integer' }, { kind: 'double' }, { kind: 'varchar', length: 20 }];
  for (const [i, arg] of args.entries()) {
    for (const type of types) {
      const instead = args.map((other, at): Expr => (at === i ? { kind: 'cast', arg, type } : other));
      if (castable(arg.type, type) && functionNamed(name)?.bind(instead)) {
        const which = args.length === 1 ? 'it' : `argument ${i + 1}`;
        return `with ${which} as ${printType(type)} there is: CAST(… AS ${printType(type)})`;
      }
    }
  }
  return null;
}

function bindUnary(node: ast.Unary, bind: (part: ast.Expr) => Expr): Expr {
  if (node.op === '-' && node.operand.kind === 'number') return numberLiteral(node.operand, '-');
  const operand = bind(node.operand);
  if (node.op === 'NOT') return call('NOT', [operand], node.span);
  if (node.op === '+') return operand;
  if (operand.kind === 'literal' && typeof operand.value === 'number') return { ...operand, value: 0 - operand.value };
  return call('NEGATE', [operand], node.span);
}

// By halves: a chain of OR as long as the list would be as deep as the list.
function anyOf(tests: readonly Expr[], span: ast.Span): Expr {
  const [first] = tests;
  if (first && tests.length === 1) return first;
  const half = Math.ceil(tests.length / 2);
  return call('OR', [anyOf(tests.slice(0, half), span), anyOf(tests.slice(half), span)], span);
}

function equals(operand: Expr, bind: (part: ast.Expr) => Expr): (item: ast.Expr) => Expr {
  return (item) => call('=', [operand, bind(item)], item.span);
}

export function negate(expr: Expr, negated: boolean, span: ast.Span): Expr {
  return negated ? call('NOT', [expr], span) : expr;
}

// a IS DISTINCT FROM b: not both NULL, and not known to be equal.
export function bindDistinct(
  node: { readonly span: ast.Span; readonly negated: boolean },
  left: Expr,
  right: Expr,
): Expr {
  const { span } = node;
  const bothNull = call('AND', [call('IS_NULL', [left], span), call('IS_NULL', [right], span)], span);
  const same = call('OR', [bothNull, call('IS_TRUE', [call('=', [left, right], span)], span)], span);
  return negate(same, !node.negated, span);
}

function bindCase(node: ast.Case, bind: (part: ast.Expr) => Expr): Expr {
  const operand = node.operand && bind(node.operand);
  const branches = node.branches.flatMap(({ when, then }) => {
    const test = bind(when);
    return [operand ? call('=', [operand, test], when.span) : test, bind(then)];
  });
  const otherwise: Expr = node.otherwise ? bind(node.otherwise) : nullLiteral;
  const values = [...branches.filter((_, i) => i % 2 === 1), otherwise];
  if (!commonType(values)) {
    const types = values.map(({ type }) => printType(type));
    throw new SqlError(
      'SQL_TYPE',
      `the branches of CASE have no common type: ${types.join(', ')}`,
      node.span,
      'CAST them to one type',
    );
  }
  return call('CASE', [...branches, otherwise], node.span);
}

const nullLiteral: Expr = { kind: 'literal', value: null, type: { kind: 'null' } };

/** Names that mean a function of the table with another name. */
const aliases: Readonly<Record<string, string>> = { CEILING: 'CEIL', CHARACTER_LENGTH: 'CHAR_LENGTH' };

function bindCall(node: ast.Call, context: ExprContext, bind: (part: ast.Expr) => Expr): Expr {
  const written = node.name.name;
  const name = Object.hasOwn(aliases, written) ? (aliases[written] ?? written) : written;
  const { catalog } = context.scope;
  const overloads = node.over ? [] : catalog.functions.overloads(written);
  if (overloads.length > 0) return bindUserCall(node, node.args.map(bind), overloads, catalog);
  if (node.over) return context.analytic(node);
  const endsOfGroup = ['FIRST_VALUE', 'LAST_VALUE'];
  if (node.nthFrom || (node.nulls && !endsOfGroup.includes(name))) {
    throw new SqlError(
      'SQL_ARGUMENTS',
      `${written} takes no ${node.nthFrom ? 'FROM FIRST or FROM LAST' : 'RESPECT or IGNORE NULLS'} here`,
      node.span,
      `that is for ${endsOfGroup.join(' and ')}, and for functions OVER a window`,
    );
  }
  if (aggregateFunction(name)) {
    if (node.quantifier === 'distinct') {
      // AWS SQL reference, "COUNT": DISTINCT is not supported.
      throw new SqlError(
        'SQL_NOT_SUPPORTED',
        `${written}(DISTINCT …) is not part of the dialect`,
        node.span,
        'COUNT_DISTINCT_ITEMS_TUMBLING counts distinct values',
      );
    }
    return context.aggregate(node);
  }
  if (node.star) throw new SqlError('SQL_ARGUMENTS', `${written} does not take *`, node.span);
  if (name === 'NULLIF') {
    const [a, b] = node.args.map(bind);
    if (!a || !b || node.args.length !== 2)
      throw new SqlError('SQL_ARGUMENTS', 'NULLIF takes two arguments', node.span);
    return call('CASE', [call('=', [a, b], node.span), nullLiteral, a], node.span);
  }
  const toUnit = (name === 'FLOOR' || name === 'CEIL') && node.args[1]?.kind === 'unit';
  const table = toUnit ? `${name}_TO` : name;
  if (recordFunction(name)) throw recordAsValue(node);
  if (!functionNamed(table) || (internalFunctions.includes(table) && !toUnit)) {
    catalog.checkKnown(name);
    throw unknownFunction(node, catalog.functions.names);
  }
  if (name === 'SUBSTRING' && node.args.length === 2) {
    // SUBSTRING(s FROM x): a position if x is a number, a regular expression if it is a text.
    const [s, from] = node.args.map(bind);
    if (s && from && isText(from.type)) {
      return call(
        'SUBSTRING FROM REGEX',
        [s, from],
        node.span,
        node.args.map((arg) => arg.span),
      );
    }
  }
  return callOf(table, node.args, bind, node.span);
}

/** What a log parser gives: the fields of its record, and each of them as an expression. */
export interface BoundRecordCall {
  readonly fields: Schema;
  field(index: number): Expr;
}

/** A call of a function that gives a record; null if it is none. */
export function bindRecord(node: ast.Expr, context: ExprContext): BoundRecordCall | null {
  if (node.kind !== 'call') return null;
  const { name } = node.name;
  const fn = recordFunction(name);
  if (!fn) return null;
  const args = node.args.map((arg) => bindExpr(arg, context));
  const record = withPlace(
    () => fn.bind(args),
    node.span,
    node.args.map((arg) => arg.span),
  );
  if (!record) {
    const types = args.map(({ type }) => printType(type));
    throw new SqlError('SQL_ARGUMENTS', `there is no ${name}(${types.join(', ')})`, node.span, fn.doc);
  }
  return { fields: record.fields, field: (index) => recordField(name, args, index) };
}

/** Which field of a record a name means. */
function fieldIndex(fields: Schema, name: ast.Identifier): number {
  const index = fields.findIndex((field) => field.name === name.name);
  if (index >= 0) return index;
  const names = fields.map((field) => printName(field.name)).join(', ');
  throw new SqlError(
    'SQL_UNKNOWN_COLUMN',
    `the record has no field ${printName(name.name)}`,
    name.span,
    `it has ${names}`,
  );
}

// REGEX_LOG_PARSE(s, 'regex').COLUMN1
function bindField(node: ast.Field, context: ExprContext): Expr {
  const record = bindRecord(node.operand, context);
  if (record) return record.field(fieldIndex(record.fields, node.name));
  throw new SqlError(
    'SQL_TYPE',
    'only a record has fields',
    node.operand.span,
    `records come from ${recordFunctions.map(({ name }) => name).join(', ')}`,
  );
}

function recordAsValue(node: ast.Call): SqlError {
  return new SqlError(
    'SQL_TYPE',
    `${node.name.name} gives a record, which is no value`,
    node.span,
    `take its fields in an outer query: SELECT STREAM t.r.COLUMN1 FROM (SELECT STREAM ${node.name.name}(…) AS r FROM …) AS t`,
  );
}

/** Names of the table that stand for another spelling. */
const internalFunctions = [
  'CEIL_TO',
  'FLOOR_TO',
  'DATETIME_DIFFERENCE',
  'RECORD_FIELD',
  'NEGATE',
  'IS_NULL',
  'IS_TRUE',
  'IS_FALSE',
];

function unknownFunction(node: ast.Call, own: readonly string[]): SqlError {
  const name = node.name.name;
  if (analyticFunction(name)) {
    return new SqlError(
      'SQL_ARGUMENTS',
      `${name} needs a window`,
      node.span,
      `write ${name}(…) OVER (ROWS 10 PRECEDING), or OVER (RANGE INTERVAL '1' MINUTE PRECEDING)`,
    );
  }
  const builtIn = functions
    .map((fn) => fn.name)
    .filter((fn) => /^[A-Z0-9_]+$/.test(fn) && !internalFunctions.includes(fn));
  const near = suggest(name, [...own, ...builtIn]);
  return new SqlError(
    'SQL_UNKNOWN_FUNCTION',
    `there is no function ${name}`,
    node.name.span,
    insteadOf(name) ?? (near && `did you mean ${printName(near)}?`),
  );
}
