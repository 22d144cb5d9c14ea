import fc from 'fast-check';
import {
  type BinaryOp,
  type Call,
  type DatetimeUnit,
  datetimeUnits,
  type Expr,
  type FromItem,
  type Identifier,
  type IntervalQualifier,
  type Over,
  type Query,
  type Select,
  type Statement,
  type TemporalOp,
  type TypeName,
} from '../src/ast.ts';
import { binaryPrecedence, temporalOps } from '../src/keywords.ts';

// Trees that a text can mean: what the parser never makes (a list with a lone query, ORDER BY twice) is left out.

const span = { from: 0, to: 0 };

// Words that are something else in another place, and are names here.
const unquoted = ['A', 'B_1', 'ROWTIME', 'SHARD_ID', 'FIRST', 'LAST', 'TYPE', 'NAME', 'STAGGER', 'PERIOD', 'CONTAINS'];
const moreUnquoted = [
  'X',
  'U',
  'N',
  'NULLS',
  'DESC',
  'PLACING',
  'STRICTLY',
  'UNBOUNDED',
  'PRECEDING',
  'WINDOWED',
  'TUMBLE',
];

const identifier: fc.Arbitrary<Identifier> = fc
  .oneof(
    fc.constantFrom(...unquoted, ...moreUnquoted).map((name) => ({ name, quoted: false })),
    fc
      .oneof(fc.constantFrom('a', 'A', 'SELECT', 'x y', 'a"b', "it's", '200-p', '--', 'é', '漢'), quotedText())
      .map((name) => ({ name, quoted: true })),
  )
  .map((parts) => ({ kind: 'identifier', ...parts, span }));

function quotedText(): fc.Arbitrary<string> {
  return fc.string({ minLength: 1, maxLength: 6 });
}

const name = fc
  .array(identifier, { minLength: 1, maxLength: 2 })
  .map((parts) => ({ kind: 'name' as const, parts, span }));
const text = fc.oneof(fc.constantFrom('', "'", 'a%', '--', '1', '2004-12-02', '\n'), fc.string({ maxLength: 8 }));
const unit = fc.constantFrom(...datetimeUnits);
const precisionOrNull = fc.option(fc.integer({ min: 0, max: 30 }));
const booleanNumber = fc.boolean();

const qualifier: fc.Arbitrary<IntervalQualifier> = fc
  .tuple(unit, precisionOrNull, fc.option(unit), precisionOrNull)
  .map(([start, precision, end, fractionPrecision]) => {
    const isYears = (u: DatetimeUnit): boolean => u === 'YEAR' || u === 'MONTH';
    const fits =
      end !== null && isYears(start) === isYears(end) && datetimeUnits.indexOf(end) > datetimeUnits.indexOf(start);
    const last = fits ? end : start;
    const takesFraction = last === 'SECOND' && (fits || precision !== null);
    const fraction = takesFraction ? fractionPrecision : null;
    return { kind: 'intervalQualifier', start, precision, end: fits ? end : null, fractionPrecision: fraction, span };
  });

const typeName: fc.Arbitrary<TypeName> = fc.oneof(
  fc
    .constantFrom('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'REAL', 'DOUBLE', 'BOOLEAN', 'DATE')
    .map((word) => ({ kind: 'typeName', name: word, precision: null, scale: null, qualifier: null, span }) as const),
  fc
    .tuple(fc.constantFrom('CHAR', 'VARCHAR', 'BINARY', 'VARBINARY', 'TIME', 'TIMESTAMP'), precisionOrNull)
    .map(
      ([word, precision]) => ({ kind: 'typeName', name: word, precision, scale: null, qualifier: null, span }) as const,
    ),
  fc.tuple(precisionOrNull, precisionOrNull).map(([precision, scale]) => {
    return {
      kind: 'typeName',
      name: 'DECIMAL',
      precision,
      scale: precision === null ? null : scale,
      qualifier: null,
      span,
    } as const;
  }),
  qualifier.map(
    (q) => ({ kind: 'typeName', name: 'INTERVAL', precision: null, scale: null, qualifier: q, span }) as const,
  ),
);

const literal: fc.Arbitrary<Expr> = fc.oneof(
  fc.constantFrom('0', '42').map((digits) => ({ kind: 'number', form: 'integer', text: digits, span }) as const),
  fc
    .constantFrom('1.5', '.5', '1.')
    .map((digits) => ({ kind: 'number', form: 'decimal', text: digits, span }) as const),
  fc
    .constantFrom('1e2', '1.5E-3')
    .map((digits) => ({ kind: 'number', form: 'approximate', text: digits, span }) as const),
  text.map((value) => ({ kind: 'string', value, span }) as const),
  fc.constantFrom('', '0AFF').map((hex) => ({ kind: 'binaryString', hex, span }) as const),
  fc.constantFrom(true, false, null).map((value) => ({ kind: 'boolean', value, span }) as const),
  fc.constant({ kind: 'null', span } as const),
  fc
    .tuple(fc.constantFrom('DATE', 'TIME', 'TIMESTAMP'), text)
    .map(([type, t]) => ({ kind: 'datetime', type, text: t, textSpan: span, span }) as const),
  fc
    .tuple(fc.boolean(), text, qualifier)
    .map(([negative, t, q]) => ({ kind: 'interval', negative, text: t, textSpan: span, qualifier: q, span }) as const),
);

const ops = Object.keys(binaryPrecedence) as BinaryOp[];
const isPeriodRow = (expr: Expr): boolean => expr.kind === 'row' && expr.items.length === 2;
const plainCall = { star: false, quantifier: null, nthFrom: null, nulls: null, over: null } as const;
const named = (word: string): Identifier => ({ kind: 'identifier', name: word, quoted: false, span });

interface Trees {
  expr: Expr;
  query: Query;
  from: FromItem;
  over: Over;
  call: Call;
}

export const trees = fc.letrec<Trees>((tie: fc.LetrecTypedTie<Trees>): fc.LetrecValue<Trees> => {
  const expr = tie('expr');
  const query = tie('query');
  const optional = fc.option(expr, { freq: 2 });
  const exprs = fc.array(expr, { maxLength: 3 });
  const someExprs = fc.array(expr, { minLength: 1, maxLength: 3 });
  const negated = fc.boolean();

  const operators: fc.Arbitrary<Expr> = fc.oneof(
    fc
      .tuple(fc.constantFrom('+' as const, '-' as const, 'NOT' as const), expr)
      .map(([op, operand]) => ({ kind: 'unary', op, operand, span }) as const),
    fc
      .tuple(fc.constantFrom(...ops), expr, expr)
      .map(([op, left, right]) => ({ kind: 'binary', op, left, right, opSpan: span, span }) as const),
    fc
      .tuple(negated, fc.constantFrom('NULL' as const, 'TRUE' as const, 'FALSE' as const, 'UNKNOWN' as const), expr)
      .map(([n, test, operand]) => ({ kind: 'is', negated: n, test, operand, span }) as const),
    fc
      .tuple(negated, expr, expr)
      .map(([n, left, right]) => ({ kind: 'isDistinct', negated: n, left, right, span }) as const),
    fc
      .tuple(negated, expr, expr, expr)
      .map(([n, operand, low, high]) => ({ kind: 'between', negated: n, operand, low, high, span }) as const),
    fc
      .tuple(negated, expr, someExprs)
      .filter(([, , items]) => items.length > 1 || items[0]!.kind !== 'scalarQuery')
      .map(([n, operand, items]) => ({ kind: 'inList', negated: n, operand, items, span }) as const),
    fc
      .tuple(negated, expr, query)
      .map(([n, operand, q]) => ({ kind: 'inQuery', negated: n, operand, query: q, span }) as const),
    fc
      .tuple(fc.constantFrom('LIKE' as const, 'SIMILAR TO' as const), negated, expr, expr, optional)
      .map(
        ([op, n, operand, pattern, e]) =>
          ({ kind: 'like', op, negated: n, operand, pattern, escape: e, span }) as const,
      ),
    fc
      .tuple(
        fc.constantFrom<TemporalOp>(...temporalOps),
        fc.constantFrom('strictly' as const, 'immediately' as const, null),
        expr.filter((e) => !isPeriodRow(e)),
        expr.filter((e) => !isPeriodRow(e)),
      )
      .map(([op, modifier, left, right]) => ({ kind: 'temporal', op, modifier, left, right, span }) as const),
    fc
      .tuple(expr, expr, qualifier)
      .map(([left, right, q]) => ({ kind: 'datetimeDifference', left, right, qualifier: q, span }) as const),
  );

  const forms: fc.Arbitrary<Expr> = fc.oneof(
    fc.tuple(expr, expr).map(([start, end]) => ({ kind: 'period', start, end, span }) as const),
    fc
      .tuple(optional, fc.array(fc.tuple(expr, expr), { minLength: 1, maxLength: 2 }), optional)
      .map(([operand, branches, otherwise]) => ({
        kind: 'case' as const,
        operand,
        branches: branches.map(([when, then]) => ({ kind: 'caseBranch' as const, when, then, span })),
        otherwise,
        span,
      })),
    fc.tuple(expr, typeName).map(([operand, type]) => ({ kind: 'cast', operand, type, span }) as const),
    fc
      .tuple(fc.constantFrom('both' as const, 'leading' as const, 'trailing' as const), optional, expr)
      .map(([side, characters, value]) => ({ kind: 'trim', side, characters, value, span }) as const),
    query.map((q) => ({ kind: 'cursor', query: q, span }) as const),
    query.map((q) => ({ kind: 'exists', query: q, span }) as const),
    query.map((q) => ({ kind: 'scalarQuery', query: q, span }) as const),
    someExprs.map((items) => ({ kind: 'row', items, span }) as const),
    fc
      .tuple(expr, identifier)
      .map(([operand, fieldName]) => ({ kind: 'field', operand, name: fieldName, span }) as const),
    fc
      .tuple(fc.constantFrom('FLOOR', 'CEIL', 'CEILING'), expr, unit)
      .map(
        ([f, x, u]) =>
          ({ kind: 'call', name: named(f), args: [x, { kind: 'unit', unit: u, span }], ...plainCall, span }) as const,
      ),
    fc.tuple(unit, expr).map(
      ([u, x]) =>
        ({
          kind: 'call',
          name: named('EXTRACT'),
          args: [{ kind: 'unit', unit: u, span }, x],
          ...plainCall,
          span,
        }) as const,
    ),
    fc
      .tuple(expr, expr, expr)
      .map(
        ([s, p, e]) =>
          ({ kind: 'call', name: named('SUBSTRING SIMILAR'), args: [s, p, e], ...plainCall, span }) as const,
      ),
    fc
      .constantFrom('CURRENT_TIMESTAMP', 'LOCALTIME')
      .map((f) => ({ kind: 'call', name: named(f), args: [], ...plainCall, span }) as const),
    tie('call'),
  );

  const functionName = fc.oneof(
    fc.constantFrom('STEP', 'FLOOR', 'SUBSTRING', 'OVERLAY', 'POSITION', 'ABS', 'COUNT', 'NTH_VALUE', 'F').map(named),
    fc.constantFrom('f', 'STEP', 'POSITION').map((word): Identifier => ({ ...named(word), quoted: true })),
  );
  const call: fc.Arbitrary<Call> = fc
    .record({
      kind: fc.constant('call' as const),
      name: functionName,
      args: exprs,
      star: booleanNumber,
      quantifier: fc.constantFrom('distinct' as const, 'all' as const, null),
      nthFrom: fc.constantFrom('first' as const, 'last' as const, null),
      nulls: fc.constantFrom('ignore' as const, 'respect' as const, null),
      over: fc.option(tie('over'), { freq: 2 }),
      span: fc.constant(span),
    })
    .map((c) => {
      const star = c.star && c.args.length === 0;
      const mayNth = c.name.name === 'NTH_VALUE' && (c.nulls !== null || c.over !== null);
      return { ...c, star, quantifier: c.args.length > 0 ? c.quantifier : null, nthFrom: mayNth ? c.nthFrom : null };
    });

  const orderItem = fc.record({
    kind: fc.constant('orderItem' as const),
    expr,
    descending: fc.boolean(),
    nulls: fc.constantFrom('first' as const, 'last' as const, null),
    within: optional,
    span: fc.constant(span),
  });
  const orderBy = fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(orderItem, { maxLength: 2 }));

  const bound = fc.oneof(
    fc.constant({ kind: 'currentRow', span } as const),
    fc
      .tuple(fc.constantFrom('preceding' as const, 'following' as const), optional)
      // ROWS UNBOUNDED PRECEDING cannot mean the column UNBOUNDED.
      .filter(([, offset]) => offset?.kind !== 'column' || offset.path[0]!.name !== 'UNBOUNDED')
      .map(([kind, offset]) => ({ kind, offset, span })),
  );
  const windowSpec = fc.record({
    kind: fc.constant('windowSpec' as const),
    base: fc.option(identifier),
    partitionBy: exprs,
    orderBy,
    frame: fc.option(
      fc.record({
        kind: fc.constant('frame' as const),
        unit: fc.constantFrom('rows' as const, 'range' as const),
        start: bound,
        end: fc.option(bound),
        span: fc.constant(span),
      }),
    ),
    span: fc.constant(span),
  });
  const over: fc.Arbitrary<Over> = fc.oneof(
    identifier.map((n) => ({ kind: 'windowName' as const, name: n, span })),
    windowSpec,
  );

  const aliased = fc
    .record({
      over: fc.option(tie('over'), { freq: 2 }),
      alias: fc.option(identifier),
      columns: fc.array(identifier, { maxLength: 2 }),
    })
    .map((a) => ({ ...a, columns: a.alias === null ? [] : a.columns }));
  const relation = fc.tuple(name, aliased).map(([n, a]): FromItem => ({ kind: 'relation', name: n, ...a, span }));
  const from: fc.Arbitrary<FromItem> = fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    relation,
    fc.tuple(query, aliased).map(([q, a]): FromItem => ({ kind: 'subquery', query: q, ...a, span })),
    fc.tuple(tie('call'), aliased).map(([c, a]): FromItem => ({ kind: 'tableFunction', call: c, ...a, span })),
    fc
      .tuple(
        fc.constantFrom('inner' as const, 'left' as const, 'right' as const, 'full' as const, 'cross' as const),
        tie('from'),
        tie('from'),
        fc.oneof(
          expr.map((e) => ({ kind: 'on' as const, expr: e, span })),
          fc
            .array(identifier, { minLength: 1, maxLength: 2 })
            .map((columns) => ({ kind: 'using' as const, columns, span })),
          fc.constant({ kind: 'natural' as const, span }),
        ),
      )
      .map(([type, left, right, condition]): FromItem => {
        return { kind: 'join', type, left, right, condition: type === 'cross' ? null : condition, span };
      }),
  );

  const selectItem = fc.oneof(
    fc.option(name).map((q) => ({ kind: 'selectStar' as const, qualifier: q, span })),
    fc.tuple(expr, fc.option(identifier)).map(([e, alias]) => ({ kind: 'selectExpr' as const, expr: e, alias, span })),
  );
  const select: fc.Arbitrary<Select> = fc
    .record({
      kind: fc.constant('select' as const),
      stream: fc.boolean(),
      distinct: fc.boolean(),
      items: fc.array(selectItem, { minLength: 1, maxLength: 3 }),
      from: tie('from'),
      where: optional,
      groupBy: exprs,
      stagger: fc.option(
        fc.record({
          kind: fc.constant('stagger' as const),
          partitionBy: someExprs,
          range: expr,
          span: fc.constant(span),
        }),
      ),
      having: optional,
      windows: fc.array(
        fc.tuple(identifier, windowSpec).map(([n, spec]) => ({ kind: 'namedWindow' as const, name: n, spec, span })),
        { maxLength: 2 },
      ),
      orderBy,
      span: fc.constant(span),
    })
    .map((s) => ({ ...s, stagger: s.groupBy.length > 0 ? null : s.stagger }));

  return {
    expr: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      {
        weight: 3,
        arbitrary: fc
          .array(identifier, { minLength: 1, maxLength: 3 })
          .map((path) => ({ kind: 'column' as const, path, span })),
      },
      { weight: 2, arbitrary: literal },
      { weight: 4, arbitrary: operators },
      { weight: 3, arbitrary: forms },
    ),
    call,
    over,
    from,
    query: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.tuple(fc.array(someExprs, { minLength: 1, maxLength: 2 }), orderBy).map(([rows, order]) => ({
        kind: 'values' as const,
        rows: rows.map((items) => ({ kind: 'valuesRow' as const, items, span })),
        orderBy: order,
        span,
      })),
      select,
      fc
        .tuple(
          fc.constantFrom('union' as const, 'intersect' as const, 'except' as const),
          fc.boolean(),
          query,
          query,
          orderBy,
        )
        .map(([op, all, left, right, order]) => ({
          kind: 'setOperation' as const,
          op,
          all,
          left,
          right,
          orderBy: order,
          span,
        })),
    ),
  };
});

const description = fc.option(text);
const orReplace = fc.boolean();
const identifiers = fc.array(identifier, { maxLength: 2 });
const columnDefinition = fc.record({
  kind: fc.constant('columnDefinition' as const),
  name: identifier,
  type: typeName,
  notNull: fc.boolean(),
  span: fc.constant(span),
});
const insert = fc.record({
  kind: fc.constant('insert' as const),
  expedited: fc.boolean(),
  target: name,
  columns: identifiers,
  query: trees.query,
  span: fc.constant(span),
});

export const statement: fc.Arbitrary<Statement> = fc.oneof(
  fc.record({
    kind: fc.constant('createStream' as const),
    orReplace,
    name,
    columns: fc.array(columnDefinition, { minLength: 1, maxLength: 3 }),
    description,
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constant('createPump' as const),
    orReplace,
    name,
    state: fc.constantFrom('started' as const, 'stopped' as const, null),
    description,
    insert,
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constant('createView' as const),
    orReplace,
    name,
    columns: identifiers,
    description,
    query: trees.query,
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constant('createFunction' as const),
    orReplace,
    name,
    parameters: fc.array(
      fc.tuple(identifier, typeName).map(([n, type]) => ({ kind: 'parameter' as const, name: n, type, span })),
      { maxLength: 2 },
    ),
    returns: typeName,
    specific: fc.option(name),
    deterministic: fc.constantFrom(true, false, null),
    dataAccess: fc.array(
      fc.constantFrom('containsSql' as const, 'readsSqlData' as const, 'modifiesSqlData' as const, 'noSql' as const),
      { maxLength: 2 },
    ),
    onNull: fc.constantFrom('returnsNull' as const, 'called' as const, null),
    body: trees.expr,
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constant('alterPump' as const),
    names: fc.array(name, { minLength: 1, maxLength: 2 }),
    action: fc.constantFrom('start' as const, 'stop' as const),
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constant('drop' as const),
    object: fc.constantFrom('stream' as const, 'pump' as const, 'view' as const, 'function' as const),
    ifExists: fc.boolean(),
    name,
    behavior: fc.constantFrom('cascade' as const, 'restrict' as const, null),
    span: fc.constant(span),
  }),
  insert,
  trees.query.map((query) => ({ kind: 'queryStatement' as const, query, span })),
);
