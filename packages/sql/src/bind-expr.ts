import {
  aggregateFunction,
  castable,
  commonType,
  type Expr,
  isNumeric,
  isText,
  printType,
  type SqlType,
  scalarFunction,
  scalarFunctions,
} from '@rowtime/core';
import type * as ast from './ast.ts';
import { unreachable } from './ast.ts';
import { SqlError } from './errors.ts';
import { datetimeLiteral, intervalLiteral, numberLiteral } from './literals.ts';
import type { Scope } from './scope.ts';
import { suggest } from './suggest.ts';
import { typeOf } from './types.ts';

/** Where an expression stands: what its names mean, and what becomes of aggregates. */
export interface ExprContext {
  readonly scope: Scope;
  /** Takes a node as a whole before its parts are looked at: a GROUP BY key, for one. null: go on. */
  match(node: ast.Expr): Expr | null;
  /** A column that `match` did not take. */
  column(node: ast.Column): Expr;
  aggregate(call: ast.Call): Expr;
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
      return call(node.op, [bind(node.left), bind(node.right)], node.opSpan);
    case 'is': {
      const operand = bind(node.operand);
      const name = node.test === 'TRUE' ? 'IS_TRUE' : node.test === 'FALSE' ? 'IS_FALSE' : 'IS_NULL';
      return negate(call(name, [operand], node.span), node.negated, node.span);
    }
    case 'isDistinct':
      return bindDistinct(node, bind(node.left), bind(node.right));
    case 'between': {
      const operand = bind(node.operand);
      const low = call('>=', [operand, bind(node.low)], node.span);
      const high = call('<=', [operand, bind(node.high)], node.span);
      return negate(call('AND', [low, high], node.span), node.negated, node.span);
    }
    case 'inList': {
      const operand = bind(node.operand);
      const equal = node.items.map((item) => call('=', [operand, bind(item)], item.span));
      if (equal.length === 0) throw new SqlError('SQL_SYNTAX', 'the list of IN is empty', node.span);
      return negate(anyOf(equal, node.span), node.negated, node.span);
    }
    case 'case':
      return bindCase(node, bind);
    case 'cast': {
      const arg = bind(node.operand);
      const type = typeOf(node.type);
      if (castable(arg.type, type)) return { kind: 'cast', arg, type };
      if ((arg.type.kind === 'interval' && isText(type)) || (isText(arg.type) && type.kind === 'interval')) {
        throw notYet('CAST between an INTERVAL and a text', node.span);
      }
      throw new SqlError('SQL_TYPE', `${printType(arg.type)} cannot be cast to ${printType(type)}`, node.span);
    }
    case 'call':
      return bindCall(node, context, bind);
    case 'unit':
      return { kind: 'literal', value: node.unit, type: { kind: 'varchar', length: null } };
    case 'like':
      throw notYet(node.op, node.span);
    case 'temporal':
      throw notYet(node.op, node.span);
    case 'trim':
      throw notYet('TRIM', node.span);
    case 'datetimeDifference':
      throw notYet('the difference of two datetimes', node.span);
    case 'field':
      throw notYet('a field of a record', node.span);
    case 'period':
      throw notYet('PERIOD', node.span);
    case 'row':
      throw notYet('ROW', node.span);
    case 'inQuery':
      throw notYet('IN with a subquery', node.span);
    case 'exists':
      throw notYet('EXISTS', node.span);
    case 'scalarQuery':
      throw notYet('a subquery as a value', node.span);
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

/** A call of the function table, or an error that says which types it got. */
function call(name: string, args: readonly Expr[], span: ast.Span): Expr {
  const bound = scalarFunction(name)?.bind(args);
  if (bound) return { kind: 'call', name, args, type: bound.type };
  const types = args.map(({ type }) => printType(type));
  const infix = /^\W+$|^(AND|OR)$/.test(name) && types.length === 2;
  const what = infix ? `${types[0]} ${name} ${types[1]}` : `${name}(${types.join(', ')})`;
  throw new SqlError('SQL_ARGUMENTS', `there is no ${what}`, span, argumentsHint(name, args));
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
  if (name === '-' && kinds.every((kind) => kind === 'timestamp'))
    return 'a difference of times needs a unit: (a - b) SECOND';
  return null;
}

function bindUnary(node: ast.Unary, bind: (part: ast.Expr) => Expr): Expr {
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

function negate(expr: Expr, negated: boolean, span: ast.Span): Expr {
  return negated ? call('NOT', [expr], span) : expr;
}

// a IS DISTINCT FROM b: not both NULL, and not known to be equal.
function bindDistinct(node: ast.IsDistinct, left: Expr, right: Expr): Expr {
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
  if (node.over) throw notYet(`${written} OVER a sliding window`, node.span);
  if (node.nthFrom || node.nulls) throw notYet(`${written} with RESPECT or IGNORE NULLS`, node.span);
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
  if (!scalarFunction(table)) throw unknownFunction(node);
  return call(table, node.args.map(bind), node.span);
}

/** Functions of the dialect that this version does not have: naming them says "wait", not "wrong". */
const laterFunctions = `ANY CHAR_TO_DATE CHAR_TO_TIME CHAR_TO_TIMESTAMP CURRENT_DATE CURRENT_ROW_TIMESTAMP CURRENT_TIME
  CURRENT_TIMESTAMP DATE_TO_CHAR EVERY EXP_AVG FAST_REGEX_LOG_PARSE FAST_REGEX_LOG_PARSER FIRST_VALUE
  FIXED_COLUMN_LOG_PARSE LAG LAST_VALUE LOCALTIME LOCALTIMESTAMP MONOTONIC NTH_VALUE OVERLAY POSITION REGEX_LOG_PARSE
  REGEX_REPLACE SUBSTRING SYS_LOG_PARSE TIME_TO_CHAR TIMESTAMP_TO_CHAR TSDIFF VARIABLE_COLUMN_LOG_PARSE
  W3C_LOG_PARSE`.split(/\s+/);

function unknownFunction(node: ast.Call): SqlError {
  const name = node.name.name;
  if (laterFunctions.includes(name) || name.startsWith('SUBSTRING ')) return notYet(name, node.span);
  const near = suggest(
    name,
    scalarFunctions.map((fn) => fn.name).filter((fn) => /^[A-Z0-9_]+$/.test(fn) && !fn.includes('_TO')),
  );
  return new SqlError(
    'SQL_UNKNOWN_FUNCTION',
    `there is no function ${name}`,
    node.name.span,
    near && `did you mean ${near}?`,
  );
}
