/**
 * What the parser makes of a text: plain readonly data. Nothing is looked up and nothing is typed here.
 *
 * - Every node has `span`, offsets into the text. An expression in parentheses keeps its own span, without them.
 * - A list that may be left out is empty when it was; anything else that may be left out is `null`.
 * - Kinds are unique over the whole file, so that a function may take any `Node`.
 * - `parse(print(node))` equals `node` apart from spans. Spelling that means nothing is not kept: redundant
 *   parentheses, ASC, `!=`, INT for INTEGER, a comma in FROM (a CROSS JOIN), `u&'…'`.
 */

/** A half-open range of offsets (UTF-16 units) in the text. Line and column are made only when an error is printed. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** `name` is what the catalog knows: upper-cased when unquoted, exact when quoted. Compare names, never `quoted`. */
export interface Identifier {
  readonly kind: 'identifier';
  readonly name: string;
  readonly quoted: boolean;
  readonly span: Span;
}

/** A name of a stream, table, pump, view or function: mostly one part; `schema.stream` has two. */
export interface Name {
  readonly kind: 'name';
  readonly parts: readonly Identifier[];
  readonly span: Span;
}

export type Statement =
  | CreateStream
  | CreatePump
  | CreateView
  | CreateFunction
  | AlterPump
  | Drop
  | Insert
  | QueryStatement;

/** CREATE [OR REPLACE] STREAM name (column, …) [DESCRIPTION 'text'] */
export interface CreateStream {
  readonly kind: 'createStream';
  readonly orReplace: boolean;
  readonly name: Name;
  readonly columns: readonly ColumnDefinition[];
  readonly description: string | null;
  readonly span: Span;
}

/** name type [NOT NULL] */
export interface ColumnDefinition {
  readonly kind: 'columnDefinition';
  readonly name: Identifier;
  readonly type: TypeName;
  readonly notNull: boolean;
  readonly span: Span;
}

/** CREATE [OR REPLACE] PUMP name [STARTED | STOPPED] [DESCRIPTION 'text'] AS INSERT … */
export interface CreatePump {
  readonly kind: 'createPump';
  readonly orReplace: boolean;
  readonly name: Name;
  /** `null`: not said, which means started. */
  readonly state: 'started' | 'stopped' | null;
  readonly description: string | null;
  readonly insert: Insert;
  readonly span: Span;
}

/** CREATE [OR REPLACE] VIEW name [(column, …)] [DESCRIPTION 'text'] AS query */
export interface CreateView {
  readonly kind: 'createView';
  readonly orReplace: boolean;
  readonly name: Name;
  readonly columns: readonly Identifier[];
  readonly description: string | null;
  readonly query: Query;
  readonly span: Span;
}

/** CREATE [OR REPLACE] FUNCTION name (parameter type, …) RETURNS type characteristic… RETURN expr. Bodies are SQL. */
export interface CreateFunction {
  readonly kind: 'createFunction';
  readonly orReplace: boolean;
  readonly name: Name;
  readonly parameters: readonly Parameter[];
  readonly returns: TypeName;
  readonly specific: Name | null;
  readonly deterministic: boolean | null;
  /** In the order written; CONTAINS SQL READS SQL DATA gives both. */
  readonly dataAccess: readonly DataAccess[];
  /** `null`: not said, which means `called`. */
  readonly onNull: 'returnsNull' | 'called' | null;
  readonly body: Expr;
  readonly span: Span;
}

export type DataAccess = 'containsSql' | 'readsSqlData' | 'modifiesSqlData' | 'noSql';

export interface Parameter {
  readonly kind: 'parameter';
  readonly name: Identifier;
  readonly type: TypeName;
  readonly span: Span;
}

/** ALTER PUMP name, … START | STOP */
export interface AlterPump {
  readonly kind: 'alterPump';
  readonly names: readonly Name[];
  readonly action: 'start' | 'stop';
  readonly span: Span;
}

/** DROP STREAM | PUMP | VIEW | FUNCTION [IF EXISTS] name [CASCADE | RESTRICT] */
export interface Drop {
  readonly kind: 'drop';
  readonly object: 'stream' | 'pump' | 'view' | 'function';
  readonly ifExists: boolean;
  readonly name: Name;
  readonly behavior: 'cascade' | 'restrict' | null;
  readonly span: Span;
}

/** INSERT [EXPEDITED] INTO target [(column, …)] query. Columns match by position. */
export interface Insert {
  readonly kind: 'insert';
  readonly expedited: boolean;
  readonly target: Name;
  readonly columns: readonly Identifier[];
  readonly query: Query;
  readonly span: Span;
}

/** SELECT or VALUES as a statement of its own. */
export interface QueryStatement {
  readonly kind: 'queryStatement';
  readonly query: Query;
  readonly span: Span;
}

export type Query = Select | SetOperation | Values;

export interface Select {
  readonly kind: 'select';
  readonly stream: boolean;
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from: FromItem;
  readonly where: Expr | null;
  /** At most one of `groupBy` and `stagger` is there. */
  readonly groupBy: readonly Expr[];
  readonly stagger: Stagger | null;
  readonly having: Expr | null;
  readonly windows: readonly NamedWindow[];
  readonly orderBy: readonly OrderItem[];
  readonly span: Span;
}

/** left UNION | INTERSECT | EXCEPT [ALL] right. INTERSECT binds tighter. `orderBy` sorts the result of the two. */
export interface SetOperation {
  readonly kind: 'setOperation';
  readonly op: 'union' | 'intersect' | 'except';
  readonly all: boolean;
  readonly left: Query;
  readonly right: Query;
  readonly orderBy: readonly OrderItem[];
  readonly span: Span;
}

/** VALUES (a, b), (c, d). Rows are as written: they may differ in length, which the binder rejects. */
export interface Values {
  readonly kind: 'values';
  readonly rows: readonly ValuesRow[];
  readonly orderBy: readonly OrderItem[];
  readonly span: Span;
}

export interface ValuesRow {
  readonly kind: 'valuesRow';
  readonly items: readonly Expr[];
  readonly span: Span;
}

export type SelectItem = SelectStar | SelectExpr;

/** `*` or `alias.*` */
export interface SelectStar {
  readonly kind: 'selectStar';
  readonly qualifier: Name | null;
  readonly span: Span;
}

/** expr [AS] alias. `AS ROWTIME` is an alias like any other; the binder gives it its meaning. */
export interface SelectExpr {
  readonly kind: 'selectExpr';
  readonly expr: Expr;
  readonly alias: Identifier | null;
  readonly span: Span;
}

/** An ordinal (ORDER BY 2) is a `number` of form `integer`. */
export interface OrderItem {
  readonly kind: 'orderItem';
  readonly expr: Expr;
  readonly descending: boolean;
  readonly nulls: 'first' | 'last' | null;
  /** ORDER BY ts WITHIN INTERVAL '10' SECOND: the T-sort. */
  readonly within: Expr | null;
  readonly span: Span;
}

/** WINDOWED BY STAGGER (PARTITION BY key, … RANGE interval) */
export interface Stagger {
  readonly kind: 'stagger';
  readonly partitionBy: readonly Expr[];
  readonly range: Expr;
  readonly span: Span;
}

/** WINDOW name AS (spec) */
export interface NamedWindow {
  readonly kind: 'namedWindow';
  readonly name: Identifier;
  readonly spec: WindowSpec;
  readonly span: Span;
}

/** What follows OVER: a name or a spec. */
export type Over = WindowName | WindowSpec;

export interface WindowName {
  readonly kind: 'windowName';
  readonly name: Identifier;
  readonly span: Span;
}

/** ([name] [PARTITION BY …] [ORDER BY …] [frame]) */
export interface WindowSpec {
  readonly kind: 'windowSpec';
  /** The window this one refines: OVER (w ROWS 2 PRECEDING). */
  readonly base: Identifier | null;
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly OrderItem[];
  readonly frame: Frame | null;
  readonly span: Span;
}

/** ROWS | RANGE bound, or BETWEEN bound AND bound. What is allowed where is the binder's to say. */
export interface Frame {
  readonly kind: 'frame';
  readonly unit: 'rows' | 'range';
  readonly start: FrameBound;
  /** `null`: no BETWEEN, so the frame runs from `start` to CURRENT ROW, or from CURRENT ROW to a FOLLOWING `start`. */
  readonly end: FrameBound | null;
  readonly span: Span;
}

/** `offset` is `null` for UNBOUNDED. */
export type FrameBound =
  | { readonly kind: 'preceding'; readonly offset: Expr | null; readonly span: Span }
  | { readonly kind: 'following'; readonly offset: Expr | null; readonly span: Span }
  | { readonly kind: 'currentRow'; readonly span: Span };

export type FromItem = Relation | Subquery | TableFunction | Join;

interface Aliased {
  /** The window of one side of a join: ORDERS OVER (RANGE INTERVAL '1' MINUTE PRECEDING) AS o. */
  readonly over: Over | null;
  readonly alias: Identifier | null;
  /** AS t(a, b): new names for the columns. Only together with `alias`. */
  readonly columns: readonly Identifier[];
  readonly span: Span;
}

/** A stream, table or view by name. */
export interface Relation extends Aliased {
  readonly kind: 'relation';
  readonly name: Name;
}

export interface Subquery extends Aliased {
  readonly kind: 'subquery';
  readonly query: Query;
}

/** TABLE(f(CURSOR(query), …)). The cursors are `cursor` nodes among the arguments. */
export interface TableFunction extends Aliased {
  readonly kind: 'tableFunction';
  readonly call: Call;
}

/** A comma in FROM is a `cross` join. */
export interface Join {
  readonly kind: 'join';
  readonly type: 'inner' | 'left' | 'right' | 'full' | 'cross';
  readonly left: FromItem;
  readonly right: FromItem;
  /** `null` exactly for `cross`. */
  readonly condition: JoinCondition | null;
  readonly span: Span;
}

export type JoinCondition =
  | { readonly kind: 'on'; readonly expr: Expr; readonly span: Span }
  | { readonly kind: 'using'; readonly columns: readonly Identifier[]; readonly span: Span }
  | { readonly kind: 'natural'; readonly span: Span };

export type Expr =
  | Column
  | Field
  | NumberLiteral
  | StringLiteral
  | BinaryLiteral
  | BooleanLiteral
  | NullLiteral
  | DatetimeLiteral
  | IntervalLiteral
  | Unit
  | Unary
  | Binary
  | Is
  | IsDistinct
  | Between
  | InList
  | InQuery
  | Like
  | Temporal
  | Period
  | DatetimeDifference
  | Case
  | Cast
  | Call
  | Trim
  | Cursor
  | Row
  | Exists
  | ScalarQuery;

/**
 * A dotted name of any depth: `price`, `s.price`, `t.r.COLUMN1`, ROWTIME, APPROXIMATE_ARRIVAL_TIME. Which part is
 * a stream, a column or a field of a record is the binder's to find out.
 */
export interface Column {
  readonly kind: 'column';
  readonly path: readonly Identifier[];
  readonly span: Span;
}

/** `expr.name` where expr is not itself a dotted name: REGEX_LOG_PARSE(s, re).COLUMN1 */
export interface Field {
  readonly kind: 'field';
  readonly operand: Expr;
  readonly name: Identifier;
  readonly span: Span;
}

/** `text` is as in the source: `1` is an INTEGER, `1.5` a DECIMAL, `1e2` a DOUBLE. Never signed; see `unary`. */
export interface NumberLiteral {
  readonly kind: 'number';
  readonly form: 'integer' | 'decimal' | 'approximate';
  readonly text: string;
  readonly span: Span;
}

export interface StringLiteral {
  readonly kind: 'string';
  /** Doubled quotes and `u&` escapes are already resolved. */
  readonly value: string;
  readonly span: Span;
}

/** X'0AFF'. `hex` has an even number of upper-case digits. */
export interface BinaryLiteral {
  readonly kind: 'binaryString';
  readonly hex: string;
  readonly span: Span;
}

/** `null` is UNKNOWN. */
export interface BooleanLiteral {
  readonly kind: 'boolean';
  readonly value: boolean | null;
  readonly span: Span;
}

export interface NullLiteral {
  readonly kind: 'null';
  readonly span: Span;
}

/** DATE '2004-12-02'. The text is not looked into: the binder checks it. */
export interface DatetimeLiteral {
  readonly kind: 'datetime';
  readonly type: 'DATE' | 'TIME' | 'TIMESTAMP';
  readonly text: string;
  /** Of the quoted text alone. */
  readonly textSpan: Span;
  readonly span: Span;
}

/** INTERVAL [+|-] 'text' qualifier. The text, which may hold a sign of its own, is checked by the binder. */
export interface IntervalLiteral {
  readonly kind: 'interval';
  readonly negative: boolean;
  readonly text: string;
  /** Of the quoted text alone. */
  readonly textSpan: Span;
  readonly qualifier: IntervalQualifier;
  readonly span: Span;
}

export type DatetimeUnit = 'YEAR' | 'MONTH' | 'DAY' | 'HOUR' | 'MINUTE' | 'SECOND';

/** From most to least significant. */
export const datetimeUnits: readonly DatetimeUnit[] = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND'];

/** DAY, SECOND(3), SECOND(3, 6), DAY(3) TO SECOND(3), YEAR TO MONTH. `end` is less significant than `start`. */
export interface IntervalQualifier {
  readonly kind: 'intervalQualifier';
  readonly start: DatetimeUnit;
  readonly precision: number | null;
  readonly end: DatetimeUnit | null;
  /** Only where the last unit is SECOND. */
  readonly fractionPrecision: number | null;
  readonly span: Span;
}

/** The unit in FLOOR(x TO unit), CEIL(x TO unit) and EXTRACT(unit FROM x). Found only among the arguments of these. */
export interface Unit {
  readonly kind: 'unit';
  readonly unit: DatetimeUnit;
  readonly span: Span;
}

export interface Unary {
  readonly kind: 'unary';
  readonly op: '+' | '-' | 'NOT';
  readonly operand: Expr;
  readonly span: Span;
}

export type BinaryOp = 'OR' | 'AND' | '=' | '<>' | '<' | '<=' | '>' | '>=' | '||' | '+' | '-' | '*' | '/';

export interface Binary {
  readonly kind: 'binary';
  readonly op: BinaryOp;
  readonly left: Expr;
  readonly right: Expr;
  /** Of the operator alone: where a type error points. */
  readonly opSpan: Span;
  readonly span: Span;
}

/** operand IS [NOT] test */
export interface Is {
  readonly kind: 'is';
  readonly negated: boolean;
  readonly test: 'NULL' | 'TRUE' | 'FALSE' | 'UNKNOWN';
  readonly operand: Expr;
  readonly span: Span;
}

/** left IS [NOT] DISTINCT FROM right */
export interface IsDistinct {
  readonly kind: 'isDistinct';
  readonly negated: boolean;
  readonly left: Expr;
  readonly right: Expr;
  readonly span: Span;
}

/** operand [NOT] BETWEEN low AND high */
export interface Between {
  readonly kind: 'between';
  readonly negated: boolean;
  readonly operand: Expr;
  readonly low: Expr;
  readonly high: Expr;
  readonly span: Span;
}

/** operand [NOT] IN (a, b, …) */
export interface InList {
  readonly kind: 'inList';
  readonly negated: boolean;
  readonly operand: Expr;
  readonly items: readonly Expr[];
  readonly span: Span;
}

/** operand [NOT] IN (query) */
export interface InQuery {
  readonly kind: 'inQuery';
  readonly negated: boolean;
  readonly operand: Expr;
  readonly query: Query;
  readonly span: Span;
}

/** operand [NOT] LIKE | SIMILAR TO pattern [ESCAPE escape] */
export interface Like {
  readonly kind: 'like';
  readonly op: 'LIKE' | 'SIMILAR TO';
  readonly negated: boolean;
  readonly operand: Expr;
  readonly pattern: Expr;
  readonly escape: Expr | null;
  readonly span: Span;
}

export type TemporalOp = 'OVERLAPS' | 'CONTAINS' | 'EQUALS' | 'PRECEDES' | 'SUCCEEDS' | 'LEADS' | 'LAGS';

/**
 * left [STRICTLY | IMMEDIATELY] op right. An operand `(start, end)`, with or without PERIOD, is a `period`; any other
 * is a point in time. A chain `a PRECEDES b PRECEDES c` becomes `a PRECEDES b AND b PRECEDES c`.
 */
export interface Temporal {
  readonly kind: 'temporal';
  readonly op: TemporalOp;
  readonly modifier: 'strictly' | 'immediately' | null;
  readonly left: Expr;
  readonly right: Expr;
  readonly span: Span;
}

/** PERIOD(start, end): an operand of a temporal predicate. */
export interface Period {
  readonly kind: 'period';
  readonly start: Expr;
  readonly end: Expr;
  readonly span: Span;
}

/** `(left - right) qualifier`. Without the qualifier it is an ordinary `binary` minus. */
export interface DatetimeDifference {
  readonly kind: 'datetimeDifference';
  readonly left: Expr;
  readonly right: Expr;
  readonly qualifier: IntervalQualifier;
  readonly span: Span;
}

/** CASE [operand] WHEN … THEN … [ELSE …] END. With an operand, each `when` is a value to compare with. */
export interface Case {
  readonly kind: 'case';
  readonly operand: Expr | null;
  readonly branches: readonly CaseBranch[];
  readonly otherwise: Expr | null;
  readonly span: Span;
}

export interface CaseBranch {
  readonly kind: 'caseBranch';
  readonly when: Expr;
  readonly then: Expr;
  readonly span: Span;
}

/** CAST(operand AS type) */
export interface Cast {
  readonly kind: 'cast';
  readonly operand: Expr;
  readonly type: TypeName;
  readonly span: Span;
}

/**
 * A scalar, aggregate or analytic call; which of them is the binder's to say. The special forms are ordinary calls:
 *
 * | text | name | args |
 * |---|---|---|
 * | STEP(x BY size) | STEP | x, size |
 * | FLOOR(x TO unit), also CEIL, CEILING | FLOOR | x, unit |
 * | EXTRACT(unit FROM x) | EXTRACT | unit, x |
 * | SUBSTRING(s FROM p [FOR n]), SUBSTRING(s, p [, n]) | SUBSTRING | s, p[, n]; p may turn out to be a regex |
 * | SUBSTRING(s SIMILAR p ESCAPE e) | SUBSTRING SIMILAR | s, p, e |
 * | OVERLAY(s PLACING r FROM p [FOR n]) | OVERLAY | s, r, p[, n] |
 * | POSITION(x IN s) | POSITION | x, s |
 * | CURRENT_TIMESTAMP and the like, no parentheses | CURRENT_TIMESTAMP | |
 *
 * Names are not normalised further: CEILING stays CEILING.
 */
export interface Call {
  readonly kind: 'call';
  readonly name: Identifier;
  readonly args: readonly Expr[];
  /** COUNT(*): `args` is empty. */
  readonly star: boolean;
  readonly quantifier: 'distinct' | 'all' | null;
  /** NTH_VALUE(x, n) FROM FIRST | LAST */
  readonly nthFrom: 'first' | 'last' | null;
  readonly nulls: 'ignore' | 'respect' | null;
  readonly over: Over | null;
  readonly span: Span;
}

/** TRIM([[side] [characters] FROM] value). No side is `both`; no characters means blanks. */
export interface Trim {
  readonly kind: 'trim';
  readonly side: 'both' | 'leading' | 'trailing';
  readonly characters: Expr | null;
  readonly value: Expr;
  readonly span: Span;
}

/** CURSOR(query), an argument of a table function. */
export interface Cursor {
  readonly kind: 'cursor';
  readonly query: Query;
  readonly span: Span;
}

/** ROW(a, b), or (a, b) with two or more items. */
export interface Row {
  readonly kind: 'row';
  readonly items: readonly Expr[];
  readonly span: Span;
}

/** EXISTS (query) */
export interface Exists {
  readonly kind: 'exists';
  readonly query: Query;
  readonly span: Span;
}

/** (query) where a value is meant. */
export interface ScalarQuery {
  readonly kind: 'scalarQuery';
  readonly query: Query;
  readonly span: Span;
}

/** INT, NUMERIC, DEC, FLOAT, DOUBLE PRECISION, CHARACTER, CHARACTER VARYING… are already folded into these. */
export type TypeKeyword =
  | 'TINYINT'
  | 'SMALLINT'
  | 'INTEGER'
  | 'BIGINT'
  | 'DECIMAL'
  | 'REAL'
  | 'DOUBLE'
  | 'BOOLEAN'
  | 'CHAR'
  | 'VARCHAR'
  | 'BINARY'
  | 'VARBINARY'
  | 'DATE'
  | 'TIME'
  | 'TIMESTAMP'
  | 'INTERVAL';

/** A type as written: VARCHAR(32), DECIMAL(10, 2), INTERVAL DAY TO SECOND. Limits are the binder's to check. */
export interface TypeName {
  readonly kind: 'typeName';
  readonly name: TypeKeyword;
  /** Length of CHAR, VARCHAR, BINARY, VARBINARY; precision of DECIMAL, TIME, TIMESTAMP. */
  readonly precision: number | null;
  /** DECIMAL only. */
  readonly scale: number | null;
  /** INTERVAL only, and always there for it. */
  readonly qualifier: IntervalQualifier | null;
  readonly span: Span;
}

/** Everything that has a kind. */
export type Node =
  | Identifier
  | Name
  | Statement
  | ColumnDefinition
  | Parameter
  | Query
  | ValuesRow
  | SelectItem
  | OrderItem
  | Stagger
  | NamedWindow
  | Over
  | Frame
  | FrameBound
  | FromItem
  | JoinCondition
  | Expr
  | CaseBranch
  | IntervalQualifier
  | TypeName;

/** Ends a `switch` over kinds: a kind forgotten above it does not compile. */
export function unreachable(node: never): never {
  throw new Error(`unexpected ${JSON.stringify(node)}`);
}
