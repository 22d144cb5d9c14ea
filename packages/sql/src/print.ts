import {
  type Call,
  type CreateFunction,
  type DataAccess,
  type Expr,
  type FromItem,
  type Join,
  type Node,
  type Query,
  type Select,
  type SetOperation,
  type TypeName,
  unreachable,
} from './ast.ts';
import { binaryPrecedence, niladicFunctions, precedence } from './keywords.ts';

/** The text of a node, on one line, with no more parentheses than it needs. `parse(print(node))` gives it back. */
export function print(node: Node): string {
  switch (node.kind) {
    case 'identifier':
      return node.quoted ? `"${node.name.replaceAll('"', '""')}"` : node.name;
    case 'name':
      return node.parts.map(print).join('.');

    case 'createStream':
      return words(
        create(node.orReplace, 'STREAM'),
        print(node.name),
        list(node.columns),
        description(node.description),
      );
    case 'columnDefinition':
      return words(print(node.name), print(node.type), node.notNull && 'NOT NULL');
    case 'createPump':
      return words(
        create(node.orReplace, 'PUMP'),
        print(node.name),
        node.state?.toUpperCase(),
        description(node.description),
        'AS',
        print(node.insert),
      );
    case 'createView':
      return words(
        create(node.orReplace, 'VIEW'),
        print(node.name),
        node.columns.length > 0 && list(node.columns),
        description(node.description),
        'AS',
        print(node.query),
      );
    case 'createFunction':
      return createFunction(node);
    case 'parameter':
      return words(print(node.name), print(node.type));
    case 'alterPump':
      return words('ALTER PUMP', commas(node.names), node.action.toUpperCase());
    case 'drop':
      return words(
        'DROP',
        node.object.toUpperCase(),
        node.ifExists && 'IF EXISTS',
        print(node.name),
        node.behavior?.toUpperCase(),
      );
    case 'insert':
      return words(
        'INSERT',
        node.expedited && 'EXPEDITED',
        'INTO',
        print(node.target),
        node.columns.length > 0 && list(node.columns),
        print(node.query),
      );
    case 'queryStatement':
      return print(node.query);

    case 'select':
      return select(node);
    case 'setOperation':
      return words(
        setOperand(node.left, node, false),
        node.op.toUpperCase(),
        node.all && 'ALL',
        setOperand(node.right, node, true),
        clause('ORDER BY', node.orderBy),
      );
    case 'values':
      return words('VALUES', commas(node.rows), clause('ORDER BY', node.orderBy));
    case 'valuesRow':
      return list(node.items);
    case 'selectStar':
      return node.qualifier === null ? '*' : `${print(node.qualifier)}.*`;
    case 'selectExpr':
      return words(print(node.expr), node.alias !== null && `AS ${print(node.alias)}`);
    case 'orderItem':
      return words(
        print(node.expr),
        node.within !== null && `WITHIN ${operand(node.within, precedence.concat)}`,
        node.descending && 'DESC',
        node.nulls !== null && `NULLS ${node.nulls.toUpperCase()}`,
      );
    case 'stagger':
      return `STAGGER (PARTITION BY ${commas(node.partitionBy)} RANGE ${operand(node.range, precedence.concat)})`;

    case 'namedWindow':
      return `${print(node.name)} AS ${print(node.spec)}`;
    case 'windowName':
      return print(node.name);
    case 'windowSpec':
      return `(${words(
        node.base !== null && print(node.base),
        clause('PARTITION BY', node.partitionBy),
        clause('ORDER BY', node.orderBy),
        node.frame !== null && print(node.frame),
      )})`;
    case 'frame': {
      const start = print(node.start);
      const bounds = node.end === null ? start : `BETWEEN ${start} AND ${print(node.end)}`;
      return `${node.unit.toUpperCase()} ${bounds}`;
    }
    case 'preceding':
    case 'following': {
      const offset = node.offset === null ? 'UNBOUNDED' : operand(node.offset, precedence.concat);
      return `${offset} ${node.kind.toUpperCase()}`;
    }
    case 'currentRow':
      return 'CURRENT ROW';

    case 'relation':
      return words(print(node.name), aliased(node));
    case 'subquery':
      return words(`(${print(node.query)})`, aliased(node));
    case 'tableFunction':
      return words(`TABLE(${print(node.call)})`, aliased(node));
    case 'join':
      return join(node);
    case 'on':
      return `ON ${print(node.expr)}`;
    case 'using':
      return `USING ${list(node.columns)}`;
    case 'natural':
      return 'NATURAL';

    case 'column':
      return node.path.map(print).join('.');
    case 'field':
      // (a).b is a field of the value a, a.b a dotted name.
      return `${node.operand.kind === 'call' ? print(node.operand) : `(${print(node.operand)})`}.${print(node.name)}`;
    case 'number':
      return node.text;
    case 'string':
      return string(node.value);
    case 'binaryString':
      return `X'${node.hex}'`;
    case 'boolean':
      return node.value === null ? 'UNKNOWN' : node.value ? 'TRUE' : 'FALSE';
    case 'null':
      return 'NULL';
    case 'datetime':
      return `${node.type} ${string(node.text)}`;
    case 'interval':
      return `INTERVAL ${node.negative ? '-' : ''}${string(node.text)} ${print(node.qualifier)}`;
    case 'intervalQualifier': {
      const precisions = [node.precision, node.end === null ? node.fractionPrecision : null].filter((p) => p !== null);
      const start = precisions.length > 0 ? `${node.start}(${precisions.join(', ')})` : node.start;
      if (node.end === null) return start;
      return `${start} TO ${node.end}${node.fractionPrecision === null ? '' : `(${node.fractionPrecision})`}`;
    }
    case 'unit':
      return node.unit;
    case 'unary': {
      const inner = operand(node.operand, node.op === 'NOT' ? precedence.not : precedence.sign);
      // Two hyphens are a comment.
      return node.op === 'NOT' || inner.startsWith(node.op) ? `${node.op} ${inner}` : `${node.op}${inner}`;
    }
    case 'binary': {
      const level = binaryPrecedence[node.op];
      return `${operand(node.left, level)} ${node.op} ${operand(node.right, level + 1)}`;
    }
    case 'is':
      return words(operand(node.operand, precedence.is), 'IS', node.negated && 'NOT', node.test);
    case 'isDistinct':
      return words(
        operand(node.left, precedence.is),
        'IS',
        node.negated && 'NOT',
        'DISTINCT FROM',
        operand(node.right, precedence.comparison),
      );
    case 'between':
      return words(
        predicate(node),
        'BETWEEN',
        operand(node.low, precedence.concat),
        'AND',
        operand(node.high, precedence.concat),
      );
    case 'inList':
      return words(predicate(node), 'IN', list(node.items));
    case 'inQuery':
      return words(predicate(node), 'IN', `(${print(node.query)})`);
    case 'like':
      return words(
        predicate(node),
        node.op,
        operand(node.pattern, precedence.concat),
        node.escape !== null && `ESCAPE ${operand(node.escape, precedence.concat)}`,
      );
    case 'temporal':
      // A temporal predicate on the left without parentheses would make a chain.
      return words(
        operand(node.left, precedence.concat),
        node.modifier?.toUpperCase(),
        node.op,
        operand(node.right, precedence.concat),
      );
    case 'period':
      return `PERIOD(${print(node.start)}, ${print(node.end)})`;
    case 'datetimeDifference': {
      const left = operand(node.left, precedence.sum);
      return `(${left} - ${operand(node.right, precedence.product)}) ${print(node.qualifier)}`;
    }
    case 'case':
      return words(
        'CASE',
        node.operand !== null && print(node.operand),
        ...node.branches.map(print),
        node.otherwise !== null && `ELSE ${print(node.otherwise)}`,
        'END',
      );
    case 'caseBranch':
      return `WHEN ${print(node.when)} THEN ${print(node.then)}`;
    case 'cast':
      return `CAST(${print(node.operand)} AS ${print(node.type)})`;
    case 'call':
      return call(node);
    case 'trim': {
      const characters = node.characters !== null && print(node.characters);
      const side = node.side !== 'both' && node.side.toUpperCase();
      const from = (node.side !== 'both' || node.characters !== null) && 'FROM';
      return `TRIM(${words(side, characters, from, print(node.value))})`;
    }
    case 'cursor':
      return `CURSOR(${print(node.query)})`;
    case 'row':
      return `ROW${list(node.items)}`;
    case 'exists':
      return `EXISTS (${print(node.query)})`;
    case 'scalarQuery':
      return `(${print(node.query)})`;
    case 'typeName':
      return typeName(node);
    default:
      return unreachable(node);
  }
}

function create(orReplace: boolean, object: string): string {
  return orReplace ? `CREATE OR REPLACE ${object}` : `CREATE ${object}`;
}

function description(text: string | null): string | false {
  return text !== null && `DESCRIPTION ${string(text)}`;
}

const dataAccess: Readonly<Record<DataAccess, string>> = {
  containsSql: 'CONTAINS SQL',
  readsSqlData: 'READS SQL DATA',
  modifiesSqlData: 'MODIFIES SQL DATA',
  noSql: 'NO SQL',
};

function createFunction(node: CreateFunction): string {
  return words(
    create(node.orReplace, 'FUNCTION'),
    `${print(node.name)}${list(node.parameters)}`,
    'RETURNS',
    print(node.returns),
    node.specific !== null && `SPECIFIC ${print(node.specific)}`,
    node.deterministic !== null && (node.deterministic ? 'DETERMINISTIC' : 'NOT DETERMINISTIC'),
    ...node.dataAccess.map((access) => dataAccess[access]),
    node.onNull !== null && (node.onNull === 'called' ? 'CALLED ON NULL INPUT' : 'RETURNS NULL ON NULL INPUT'),
    'RETURN',
    print(node.body),
  );
}

function select(node: Select): string {
  return words(
    'SELECT',
    node.stream && 'STREAM',
    node.distinct && 'DISTINCT',
    commas(node.items),
    'FROM',
    print(node.from),
    node.where !== null && `WHERE ${print(node.where)}`,
    clause('GROUP BY', node.groupBy),
    node.stagger !== null && `WINDOWED BY ${print(node.stagger)}`,
    node.having !== null && `HAVING ${print(node.having)}`,
    clause('WINDOW', node.windows),
    clause('ORDER BY', node.orderBy),
  );
}

/** One side of a set operation. All associate to the left, and INTERSECT binds tighter than the others. */
function setOperand(query: Query, parent: SetOperation, isRight: boolean): string {
  const tightness = (op: SetOperation['op']): number => (op === 'intersect' ? 1 : 0);
  const isLoose = query.kind === 'setOperation' && tightness(query.op) < tightness(parent.op) + (isRight ? 1 : 0);
  return isLoose || query.orderBy.length > 0 ? `(${print(query)})` : print(query);
}

function aliased(item: Exclude<FromItem, Join>): string {
  return words(
    item.over !== null && `OVER ${print(item.over)}`,
    item.alias !== null && `AS ${print(item.alias)}${item.columns.length > 0 ? ` ${list(item.columns)}` : ''}`,
  );
}

function join(node: Join): string {
  const right = print(node.right);
  const isNatural = node.condition?.kind === 'natural';
  return words(
    print(node.left),
    isNatural && 'NATURAL',
    node.type !== 'inner' && node.type.toUpperCase(),
    'JOIN',
    node.right.kind === 'join' ? `(${right})` : right,
    node.condition !== null && !isNatural && print(node.condition),
  );
}

function predicate(node: Extract<Expr, { kind: 'between' | 'inList' | 'inQuery' | 'like' }>): string {
  return words(operand(node.operand, precedence.comparison), node.negated && 'NOT');
}

function call(node: Call): string {
  const { name, star, quantifier, nthFrom, nulls, over } = node;
  const args = star ? '*' : callArgs(node);
  const plain = node.args.length === 0 && !star && nthFrom === null && nulls === null && over === null;
  if (plain && !name.quoted && niladicFunctions.has(name.name)) return name.name;
  const spelled = !name.quoted && name.name === similar ? 'SUBSTRING' : print(name);
  return words(
    `${spelled}(${words(quantifier?.toUpperCase(), args)})`,
    nthFrom !== null && `FROM ${nthFrom.toUpperCase()}`,
    nulls !== null && `${nulls.toUpperCase()} NULLS`,
    over !== null && `OVER ${print(over)}`,
  );
}

const similar = 'SUBSTRING SIMILAR';

/** The spellings with words where there is one, the one with commas elsewhere. */
function callArgs({ name, args }: Call): string {
  const [a, b, c, d] = args;
  if (name.quoted || a === undefined || args.length > 4) return commas(args);
  if (name.name === 'POSITION') {
    const rest = args.slice(1).map(print);
    return [operand(a, precedence.concat), ...rest].join(args.length === 2 ? ' IN ' : ', ');
  }
  if (b === undefined) return commas(args);
  switch (name.name) {
    case 'STEP':
      return args.length === 2 ? `${print(a)} BY ${print(b)}` : commas(args);
    case 'FLOOR':
    case 'CEIL':
    case 'CEILING':
      return b.kind === 'unit' ? `${beforeTo(a)} TO ${print(b)}` : commas(args);
    case 'EXTRACT':
      return `${print(a)} FROM ${print(b)}`;
    case 'OVERLAY':
      if (c === undefined) return commas(args);
      return words(`${print(a)} PLACING ${print(b)} FROM ${print(c)}`, d !== undefined && `FOR ${print(d)}`);
    case 'SUBSTRING':
      if (d !== undefined) return commas(args);
      return words(`${print(a)} FROM ${print(b)}`, c !== undefined && `FOR ${print(c)}`);
    case similar:
      return words(`${print(a)} SIMILAR ${operand(b, precedence.concat)}`, c !== undefined && `ESCAPE ${print(c)}`);
    default:
      return commas(args);
  }
}

/** INTERVAL '1' DAY TO HOUR would be one interval: what ends in a unit is put in parentheses before TO. */
function beforeTo(expr: Expr): string {
  return endsInUnit(expr) ? `(${print(expr)})` : print(expr);
}

function endsInUnit(expr: Expr): boolean {
  switch (expr.kind) {
    case 'interval':
    case 'datetimeDifference':
      return true;
    case 'unary':
      return endsInUnit(expr.operand);
    case 'binary':
    case 'isDistinct':
    case 'temporal':
      return endsInUnit(expr.right);
    case 'between':
      return endsInUnit(expr.high);
    case 'like':
      return endsInUnit(expr.escape ?? expr.pattern);
    default:
      return false;
  }
}

function typeName(node: TypeName): string {
  if (node.qualifier !== null) return `${node.name} ${print(node.qualifier)}`;
  if (node.precision === null) return node.name;
  return `${node.name}(${node.precision}${node.scale === null ? '' : `, ${node.scale}`})`;
}

/** An expression in a place that asks for at least this precedence. */
function operand(expr: Expr, min: number): string {
  return level(expr) < min ? `(${print(expr)})` : print(expr);
}

function level(expr: Expr): number {
  switch (expr.kind) {
    case 'binary':
      return binaryPrecedence[expr.op];
    case 'unary':
      return expr.op === 'NOT' ? precedence.not : precedence.sign;
    case 'is':
    case 'isDistinct':
      return precedence.is;
    case 'between':
    case 'inList':
    case 'inQuery':
    case 'like':
    case 'temporal':
      return precedence.comparison;
    default:
      return precedence.primary;
  }
}

function string(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

function clause(name: string, nodes: readonly Node[]): string | false {
  return nodes.length > 0 && `${name} ${commas(nodes)}`;
}

function list(nodes: readonly Node[]): string {
  return `(${commas(nodes)})`;
}

function commas(nodes: readonly Node[]): string {
  return nodes.map(print).join(', ');
}

/** Joined with blanks; what is empty or false is left out. */
function words(...parts: readonly (string | false | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== false && part !== '').join(' ');
}
