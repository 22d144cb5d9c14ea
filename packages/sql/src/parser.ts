import {
  type AlterPump,
  type BinaryOp,
  type Call,
  type Case,
  type CaseBranch,
  type Column,
  type ColumnDefinition,
  type CreateFunction,
  type CreatePump,
  type CreateStream,
  type CreateView,
  type DataAccess,
  type DatetimeUnit,
  type Drop,
  datetimeUnits,
  type Expr,
  type Frame,
  type FrameBound,
  type FromItem,
  type Identifier,
  type Insert,
  type IntervalQualifier,
  type Join,
  type JoinCondition,
  type Name,
  type NamedWindow,
  type OrderItem,
  type Over,
  type Parameter,
  type Query,
  type Select,
  type SelectItem,
  type Span,
  type Stagger,
  type Statement,
  type Temporal,
  type TemporalOp,
  type TypeName,
  type Unit,
  type Values,
  type ValuesRow,
  type WindowSpec,
} from './ast.ts';
import { SqlError, type SqlErrorCode } from './errors.ts';
import {
  binaryPrecedence,
  foreignTypes,
  isReserved,
  niladicFunctions,
  precedence,
  reservedFunctions,
  structuralWords,
  temporalOps,
  typeWords,
  unitOf,
} from './keywords.ts';
import { excerpt, type Problem, type Token, tokenize } from './lexer.ts';
import { height } from './visit.ts';

export interface Parsed {
  readonly statements: Statement[];
  /** In the order of the text. Empty if the whole text was understood. */
  readonly errors: SqlError[];
  /** The names of streams whose CREATE STREAM was not understood. */
  readonly lost: string[];
}

/** The statements of a program. Throws the first error. */
export function parse(text: string): Statement[] {
  const { statements, errors } = new Parser(text).program(1);
  if (errors[0] !== undefined) throw errors[0];
  return statements;
}

/** The statements that were understood, and an error for each that was not: goes on at the next statement. */
export function parseAll(text: string): Parsed {
  return new Parser(text).program(errorsMax);
}

/** A single expression. */
export function parseExpr(text: string): Expr {
  return new Parser(text).expression();
}

/** More would not be read, and a text of nothing but semicolons and slips would make tens of thousands. */
const errorsMax = 100;

/** Parentheses, CASEs and queries inside each other; bounds the parser's own call stack. */
const nestingMax = 200;

/** Nodes below each other; bounds the call stacks of those who walk the tree. `a + a + …` makes one per operand. */
const heightMax = 1000;

/** The statements that other systems have, and what to do instead. */
const foreignStatements: ReadonlyMap<string, string> = new Map([
  ['WITH', 'write the subquery in FROM, or give it a stream and a pump of its own'],
  ['UPDATE', 'rows of a stream never change: write a pump that makes new ones'],
  ['DELETE', 'rows of a stream never change: write a pump that filters them'],
  ['MERGE', 'rows of a stream never change: write a pump that makes new ones'],
  ['TRUNCATE', 'a stream keeps no rows'],
  ['EXPLAIN', 'leave out the word'],
  ['SET', 'there are no settings in the SQL'],
  ['USE', 'there is one schema'],
  ['BEGIN', 'there are no transactions'],
  ['COMMIT', 'there are no transactions'],
  ['GRANT', 'there are no users'],
]);

const foreignObjects: ReadonlyMap<string, string> = new Map([
  ['TABLE', 'rows flow through a STREAM; a reference table comes from the configuration'],
  ['FOREIGN', 'sources and destinations come from the configuration'],
  ['SCHEMA', 'there is one schema'],
  ['INDEX', 'a stream has no index'],
  ['SOURCE', 'sources come from the configuration'],
  ['SINK', 'destinations come from the configuration'],
  ['MATERIALIZED', 'write a STREAM and a PUMP that fills it'],
  ['TEMPORARY', 'streams are kept in memory anyway: leave out the word'],
]);

const clauseOrder =
  'the clauses come in this order: SELECT, FROM, WHERE, GROUP BY or WINDOWED BY, HAVING, WINDOW, ORDER BY';
const clauses = ['FROM', 'WHERE', 'GROUP', 'WINDOWED', 'HAVING', 'WINDOW', 'ORDER'];

/** Recursive descent for statements and clauses, precedence climbing for expressions. */
class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #partnerOf: Int32Array;
  #at = 0;
  #nesting = 0;
  /** How many chains of temporal predicates there were; see `#temporal`. */
  #chains = 0;
  /** The statement before was read to its end: its successor begins at this token. */
  #missedSemicolon = false;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
    this.#partnerOf = partners(this.#tokens);
  }

  program(errorsMax: number): Parsed {
    const statements: Statement[] = [];
    const errors: SqlError[] = [];
    const lost: string[] = [];
    while (errors.length < errorsMax) {
      while (this.#take(';'));
      if (this.#token.kind === 'end') break;
      const start = this.#at;
      this.#nesting = 0;
      let understood: Statement | null = null;
      try {
        const statement = this.#statement();
        this.#checkHeight(statement);
        understood = statement;
        this.#statementEnd();
        statements.push(statement);
      } catch (error) {
        if (!(error instanceof SqlError)) throw error;
        errors.push(error);
        if (this.#missedSemicolon && understood !== null) statements.push(understood);
        lost.push(...this.#createdAt(start));
        this.#recover(start);
      }
    }
    return { statements, errors, lost };
  }

  /** The name of the stream that the statement at a token creates, if it does. */
  #createdAt(start: number): string[] {
    const tokens = this.#tokens.slice(start, start + 9);
    const at = tokens.findIndex((token) => isWord(token, 'STREAM'));
    if (!isWord(tokens[0], 'CREATE') || (at !== 1 && at !== 3)) return [];
    // Of a dotted name the last part is what counts.
    let name = at + 1;
    while (isWord(tokens[name + 1], '.') && tokens[name + 2]) name += 2;
    return ['word', 'quoted'].includes(tokens[name]?.kind ?? '') ? [tokens[name]!.text] : [];
  }

  expression(): Expr {
    const expr = this.#expr();
    if (this.#token.kind !== 'end') throw this.#unexpected('the end of the expression');
    this.#checkHeight(expr);
    return expr;
  }

  #checkHeight(node: Statement | Expr): void {
    const { height: found, deepest } = height(node, heightMax);
    if (found < heightMax) return;
    const message = `more than ${heightMax} levels deep; each operator in a row is a level`;
    throw this.#error('SQL_TOO_COMPLEX', message, deepest.span, 'for a long list of alternatives write x IN (a, b, …)');
  }

  /** To the next semicolon, or to a word that can only begin a statement. */
  #recover(start: number): void {
    if (this.#at === start) this.#at++;
    while (this.#token.kind !== 'end' && !this.#is(';') && !this.#isAny('CREATE', 'ALTER', 'DROP')) {
      if (this.#missedSemicolon) break;
      this.#at++;
    }
    this.#missedSemicolon = false;
  }

  // Statements

  #statement(): Statement {
    const token = this.#token;
    if (this.#is('CREATE')) return this.#create();
    if (this.#is('INSERT')) return this.#insert();
    if (this.#is('ALTER')) return this.#alter();
    if (this.#is('DROP')) return this.#drop();
    if (this.#isAny('SELECT', 'VALUES', '(')) {
      const query = this.#query();
      return { kind: 'queryStatement', query, span: this.#spanFrom(token.from) };
    }
    const hint = token.kind === 'word' ? foreignStatements.get(token.text) : undefined;
    if (hint !== undefined) throw this.#notSupported(token.text, hint);
    throw this.#unexpected('a statement', 'a statement begins with CREATE, INSERT, SELECT, VALUES, ALTER or DROP');
  }

  #statementEnd(): void {
    if (this.#token.kind === 'end' || this.#is(';')) return;
    if (this.#isAny('CREATE', 'ALTER', 'DROP', 'INSERT', 'SELECT')) {
      this.#missedSemicolon = true;
      throw this.#unexpected('a semicolon between two statements', 'end each statement with ;');
    }
    throw this.#unexpectedAfterQuery('a semicolon');
  }

  #create(): Statement {
    const from = this.#advance().from;
    const orReplace = this.#take('OR');
    if (orReplace) this.#expect('REPLACE', 'after CREATE OR');
    const object = this.#token;
    if (this.#take('STREAM')) return this.#createStream(from, orReplace);
    if (this.#take('PUMP')) return this.#createPump(from, orReplace);
    if (this.#take('VIEW')) return this.#createView(from, orReplace);
    if (this.#take('FUNCTION')) return this.#createFunction(from, orReplace);
    const hint = object.kind === 'word' ? foreignObjects.get(object.text) : undefined;
    if (hint !== undefined) throw this.#notSupported(`CREATE ${object.text}`, hint);
    throw this.#unexpected('STREAM, PUMP, VIEW or FUNCTION');
  }

  #newName(what: string): Name {
    if (this.#is('OR')) throw this.#unexpected(what, 'write CREATE OR REPLACE, then STREAM, PUMP, VIEW or FUNCTION');
    if (this.#is('IF') && this.#isAt(1, 'NOT')) throw this.#notSupported('IF NOT EXISTS', 'write CREATE OR REPLACE');
    return this.#name(what);
  }

  #createStream(from: number, orReplace: boolean): CreateStream {
    const name = this.#newName('the name of the stream');
    if (!this.#is('(')) {
      throw this.#unexpected(
        'the columns of the stream in parentheses',
        `for example CREATE STREAM ${this.#source(name.span)} (ticker VARCHAR(4), price DOUBLE)`,
      );
    }
    const columns = this.#list('a column', () => this.#columnDefinition(), { missing: 'a comma' });
    const description = this.#description();
    return { kind: 'createStream', orReplace, name, columns, description, span: this.#spanFrom(from) };
  }

  #columnDefinition(): ColumnDefinition {
    const name = this.#identifier('a column name');
    const type = this.#type();
    const notNull = this.#take('NOT');
    if (notNull) this.#expect('NULL', 'after NOT');
    if (this.#isAny('DEFAULT', 'PRIMARY', 'UNIQUE', 'CHECK', 'REFERENCES', 'CONSTRAINT')) {
      throw this.#notSupported(this.#token.text, 'a column is a name, a type and perhaps NOT NULL');
    }
    return { kind: 'columnDefinition', name, type, notNull, span: this.#spanFrom(name.span.from) };
  }

  #description(): string | null {
    return this.#take('DESCRIPTION') ? this.#string('the description').value : null;
  }

  #createPump(from: number, orReplace: boolean): CreatePump {
    const name = this.#newName('the name of the pump');
    let state: CreatePump['state'] = null;
    let description: string | null = null;
    while (true) {
      if (state === null && this.#take('STARTED')) state = 'started';
      else if (state === null && this.#take('STOPPED')) state = 'stopped';
      else if (description === null && this.#is('DESCRIPTION')) description = this.#description();
      else break;
    }
    this.#expect('AS', 'before the INSERT of the pump');
    if (!this.#is('INSERT')) {
      throw this.#unexpected('INSERT', 'a pump fills a stream: CREATE PUMP p AS INSERT INTO s SELECT STREAM …');
    }
    const insert = this.#insert();
    return { kind: 'createPump', orReplace, name, state, description, insert, span: this.#spanFrom(from) };
  }

  #createView(from: number, orReplace: boolean): CreateView {
    const name = this.#newName('the name of the view');
    const columns = this.#is('(') ? this.#identifiers('a column name') : [];
    const description = this.#description();
    this.#expect('AS', 'before the query of the view');
    const query = this.#query();
    return { kind: 'createView', orReplace, name, columns, description, query, span: this.#spanFrom(from) };
  }

  #createFunction(from: number, orReplace: boolean): CreateFunction {
    const name = this.#newName('the name of the function');
    const parameters = this.#list('a parameter', () => this.#parameter(), { mayBeEmpty: true, missing: 'a comma' });
    this.#expect('RETURNS', 'and the type of the result');
    const returns = this.#type();
    const traits = this.#functionTraits();
    this.#expect('RETURN', 'and the expression that is the result');
    const body = this.#expr();
    return {
      kind: 'createFunction',
      orReplace,
      name,
      parameters,
      returns,
      ...traits,
      body,
      span: this.#spanFrom(from),
    };
  }

  #parameter(): Parameter {
    const name = this.#identifier('a parameter name');
    const type = this.#type();
    return { kind: 'parameter', name, type, span: this.#spanFrom(name.span.from) };
  }

  /** In any order. */
  #functionTraits(): Pick<CreateFunction, 'specific' | 'deterministic' | 'dataAccess' | 'onNull'> {
    let specific: Name | null = null;
    let deterministic: boolean | null = null;
    let onNull: CreateFunction['onNull'] = null;
    const dataAccess: DataAccess[] = [];
    while (true) {
      if (this.#take('LANGUAGE')) {
        if (!this.#take('SQL'))
          throw this.#notSupported('a function in another language', 'the body is SQL: RETURN expr');
      } else if (this.#take('SPECIFIC')) specific = this.#name('the specific name');
      else if (this.#take('DETERMINISTIC')) deterministic = true;
      else if (this.#takePhrase('NOT', 'DETERMINISTIC')) deterministic = false;
      else if (this.#takePhrase('CONTAINS', 'SQL')) dataAccess.push('containsSql');
      else if (this.#takePhrase('READS', 'SQL', 'DATA')) dataAccess.push('readsSqlData');
      else if (this.#takePhrase('MODIFIES', 'SQL', 'DATA')) dataAccess.push('modifiesSqlData');
      else if (this.#takePhrase('NO', 'SQL')) dataAccess.push('noSql');
      else if (this.#takePhrase('RETURNS', 'NULL', 'ON', 'NULL', 'INPUT')) onNull = 'returnsNull';
      else if (this.#takePhrase('CALLED', 'ON', 'NULL', 'INPUT')) onNull = 'called';
      else if (this.#is('EXTERNAL')) throw this.#notSupported('EXTERNAL', 'the body is SQL: RETURN expr');
      else return { specific, deterministic, dataAccess, onNull };
    }
  }

  #insert(): Insert {
    const from = this.#expect('INSERT').from;
    const expedited = this.#take('EXPEDITED');
    this.#expect('INTO', 'after INSERT');
    const target = this.#name('the stream to insert into');
    const columns = this.#is('(') && !this.#isQuery() ? this.#identifiers('a column name') : [];
    if (!this.#isAny('SELECT', 'VALUES', '(')) {
      throw this.#unexpected('a query', 'INSERT INTO stream takes its rows from SELECT … or VALUES (…)');
    }
    const query = this.#query();
    return { kind: 'insert', expedited, target, columns, query, span: this.#spanFrom(from) };
  }

  #alter(): AlterPump {
    const from = this.#advance().from;
    if (!this.#is('PUMP')) throw this.#unexpected('PUMP', 'only pumps can be altered: ALTER PUMP name START or STOP');
    this.#advance();
    const names = [this.#name('the name of the pump')];
    while (this.#take(',')) names.push(this.#name('the name of a pump'));
    const action = this.#take('START') ? 'start' : this.#take('STOP') ? 'stop' : null;
    if (action === null) throw this.#unexpected('START or STOP');
    return { kind: 'alterPump', names, action, span: this.#spanFrom(from) };
  }

  #drop(): Drop {
    const from = this.#advance().from;
    const object = this.#oneOf({ STREAM: 'stream', PUMP: 'pump', VIEW: 'view', FUNCTION: 'function' } as const);
    if (object === null) throw this.#unexpected('STREAM, PUMP, VIEW or FUNCTION');
    const ifExists = this.#is('IF') && this.#isAt(1, 'EXISTS');
    if (ifExists) this.#phrase('IF', 'EXISTS');
    const name = this.#name(`the name of the ${object}`);
    const behavior = this.#oneOf({ CASCADE: 'cascade', RESTRICT: 'restrict' } as const);
    return { kind: 'drop', object, ifExists, name, behavior, span: this.#spanFrom(from) };
  }

  // Queries

  #query(): Query {
    this.#enter();
    const from = this.#token.from;
    let query = this.#queryTerm();
    for (let op = this.#unionOrExcept(); op !== null; op = this.#unionOrExcept()) {
      const all = this.#setQuantifier();
      const right = this.#queryTerm();
      query = { kind: 'setOperation', op, all, left: query, right, orderBy: [], span: this.#spanFrom(from) };
    }
    if (this.#is('ORDER')) {
      if (query.orderBy.length > 0)
        throw this.#unexpected(') or a semicolon', 'the query in parentheses is already sorted');
      const orderBy = this.#orderBy();
      query = { ...query, orderBy, span: this.#spanFrom(from) };
    }
    this.#leave();
    return query;
  }

  #unionOrExcept(): 'union' | 'except' | null {
    return this.#oneOf({ UNION: 'union', EXCEPT: 'except' } as const);
  }

  #queryTerm(): Query {
    const from = this.#token.from;
    let query = this.#queryPrimary();
    while (this.#take('INTERSECT')) {
      const all = this.#setQuantifier();
      const right = this.#queryPrimary();
      query = {
        kind: 'setOperation',
        op: 'intersect',
        all,
        left: query,
        right,
        orderBy: [],
        span: this.#spanFrom(from),
      };
    }
    return query;
  }

  #setQuantifier(): boolean {
    if (this.#take('ALL')) return true;
    this.#take('DISTINCT');
    return false;
  }

  #queryPrimary(): Query {
    if (this.#is('SELECT')) return this.#select();
    if (this.#is('VALUES')) return this.#values();
    if (this.#take('(')) {
      const query = this.#query();
      if (!this.#is(')')) throw this.#unexpectedAfterQuery(')');
      this.#advance();
      return query;
    }
    if (this.#is('WITH')) throw this.#notSupported('WITH', foreignStatements.get('WITH')!);
    throw this.#unexpected('SELECT or VALUES');
  }

  #values(): Values {
    const from = this.#advance().from;
    const rows = [this.#valuesRow()];
    while (this.#take(',')) rows.push(this.#valuesRow());
    return { kind: 'values', rows, orderBy: [], span: this.#spanFrom(from) };
  }

  #valuesRow(): ValuesRow {
    const from = this.#token.from;
    if (this.#is('ROW') && this.#isAt(1, '(')) this.#advance();
    const items = this.#is('(') ? this.#list('a value', () => this.#expr()) : [this.#expr()];
    return { kind: 'valuesRow', items, span: this.#spanFrom(from) };
  }

  #select(): Select {
    const from = this.#advance().from;
    let stream = this.#take('STREAM');
    const distinct = this.#take('DISTINCT');
    if (!distinct) this.#take('ALL');
    if (!stream) stream = this.#take('STREAM');
    const items = this.#selectList();
    const source = this.#from();
    const where = this.#take('WHERE') ? this.#expr() : null;
    const groupBy = this.#groupBy();
    const stagger = this.#is('WINDOWED') ? this.#stagger() : null;
    if (stagger !== null && (groupBy.length > 0 || this.#is('GROUP'))) {
      const hint = 'put the keys in PARTITION BY of the STAGGER';
      throw new SqlError('SQL_SYNTAX', 'expected GROUP BY or WINDOWED BY, found both', stagger.span, hint);
    }
    const having = this.#take('HAVING') ? this.#expr() : null;
    const windows = this.#windows();
    const span = this.#spanFrom(from);
    return {
      kind: 'select',
      stream,
      distinct,
      items,
      from: source,
      where,
      groupBy,
      stagger,
      having,
      windows,
      orderBy: [],
      span,
    };
  }

  #selectList(): SelectItem[] {
    if (this.#is('FROM')) throw this.#unexpected('the select list', 'name the columns, or write * for all of them');
    const items = [this.#selectItem()];
    while (this.#take(',')) items.push(this.#selectItem());
    return items;
  }

  #selectItem(): SelectItem {
    const from = this.#token.from;
    if (this.#take('*')) return { kind: 'selectStar', qualifier: null, span: this.#spanFrom(from) };
    if (this.#isQualifiedStar()) {
      const parts = [this.#identifier('an alias')];
      while (this.#take('.') && !this.#is('*')) parts.push(this.#identifier('an alias'));
      const qualifier: Name = { kind: 'name', parts, span: { from, to: parts.at(-1)!.span.to } };
      this.#advance();
      return { kind: 'selectStar', qualifier, span: this.#spanFrom(from) };
    }
    const expr = this.#expr();
    return { kind: 'selectExpr', expr, alias: this.#alias('a column alias'), span: this.#spanFrom(from) };
  }

  /** a.* or a.b.* */
  #isQualifiedStar(): boolean {
    let i = 0;
    while (['word', 'quoted'].includes(this.#peek(i).kind) && this.#isAt(i + 1, '.')) i += 2;
    return i > 0 && this.#isAt(i, '*');
  }

  /** [AS] name. Without AS, a word that goes on with the query is none. */
  #alias(what: string): Identifier | null {
    if (this.#take('AS')) return this.#identifier(what);
    const token = this.#token;
    if (token.kind === 'quoted') return this.#identifier(what);
    if (token.kind !== 'word' || isReserved(token.text)) return null;
    if (this.#is('WINDOWED') && this.#isAt(1, 'BY')) return null;
    return this.#identifier(what);
  }

  #from(): FromItem {
    if (!this.#take('FROM')) {
      const { kind } = this.#token;
      if (kind === 'end' || this.#isAny(';', ')', 'WHERE', 'GROUP', 'ORDER', 'UNION')) {
        throw this.#unexpected('FROM', 'a SELECT reads FROM a stream or table; for constants alone write VALUES (…)');
      }
      if (this.#is('INTO')) throw this.#unexpected('FROM', 'write INSERT INTO stream before the SELECT');
      throw this.#unexpected('a comma or FROM', this.#commaHint());
    }
    const from = this.#token.from;
    let left = this.#joined();
    while (this.#take(',')) {
      const right = this.#joined();
      left = { kind: 'join', type: 'cross', left, right, condition: null, span: this.#spanFrom(from) };
    }
    return left;
  }

  #joined(): FromItem {
    const from = this.#token.from;
    let left = this.#fromItem();
    while (true) {
      const natural = this.#is('NATURAL') ? this.#advance() : null;
      const type = this.#joinType();
      if (type === null) {
        if (natural !== null) throw this.#unexpected('JOIN after NATURAL');
        return left;
      }
      const right = this.#fromItem();
      const condition = this.#joinCondition(type, natural);
      left = { kind: 'join', type, left, right, condition, span: this.#spanFrom(from) };
    }
  }

  #joinType(): Join['type'] | null {
    if (this.#take('JOIN')) return 'inner';
    const type = this.#oneOf({ INNER: 'inner', LEFT: 'left', RIGHT: 'right', FULL: 'full', CROSS: 'cross' } as const);
    if (type === null) return null;
    if (type !== 'inner' && type !== 'cross') this.#take('OUTER');
    this.#expect('JOIN', `after ${type.toUpperCase()}`);
    return type;
  }

  #joinCondition(type: Join['type'], natural: Token | null): JoinCondition | null {
    const { from } = this.#token;
    if (natural !== null) {
      if (type === 'cross')
        throw this.#error('SQL_SYNTAX', 'expected a join with a condition after NATURAL, found CROSS', natural);
      return { kind: 'natural', span: spanOf(natural) };
    }
    if (type === 'cross') {
      if (this.#isAny('ON', 'USING'))
        throw this.#unexpected('no condition', 'a CROSS JOIN has none: write JOIN instead');
      return null;
    }
    if (this.#take('ON')) return { kind: 'on', expr: this.#expr(), span: this.#spanFrom(from) };
    if (this.#take('USING')) {
      return { kind: 'using', columns: this.#identifiers('a column name'), span: this.#spanFrom(from) };
    }
    const hint = 'for example ON a.id = b.id; without a condition it is a CROSS JOIN';
    throw this.#unexpected('ON and the condition of the join', hint);
  }

  #fromItem(): FromItem {
    const from = this.#token.from;
    if (this.#is('(') && !this.#isQuery()) {
      this.#enter();
      this.#advance();
      const item = this.#joined();
      this.#expect(')', 'after the join');
      this.#leave();
      return item;
    }
    if (this.#take('(')) {
      const query = this.#query();
      if (!this.#is(')')) throw this.#unexpectedAfterQuery(')');
      this.#advance();
      return { kind: 'subquery', query, ...this.#aliased(), span: this.#spanFrom(from) };
    }
    if (this.#is('TABLE')) {
      this.#advance();
      this.#expect('(', 'after TABLE');
      const start = this.#token;
      const hint = 'for example TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM … FROM s)))';
      if (!this.#isAt(1, '(')) throw this.#unexpected('a table function', hint);
      const call = this.#primary();
      if (call.kind !== 'call') {
        throw this.#error(
          'SQL_SYNTAX',
          `expected a table function, found ${this.#source(call.span)}`,
          spanOf(start),
          hint,
        );
      }
      this.#expect(')', 'after the table function');
      return { kind: 'tableFunction', call, ...this.#aliased(), span: this.#spanFrom(from) };
    }
    if (this.#isAny('SELECT', 'VALUES')) throw this.#unexpected('a stream or table', 'put the subquery in parentheses');
    if (this.#isAny('LATERAL', 'UNNEST', 'TABLESAMPLE')) throw this.#notSupported(this.#token.text);
    const name = this.#name('a stream or table');
    if (this.#is('(')) {
      throw this.#unexpected('a stream or table', `a function is called as TABLE(${this.#source(name.span)}(…))`);
    }
    return { kind: 'relation', name, ...this.#aliased(), span: this.#spanFrom(from) };
  }

  /** OVER window and alias, in either order. */
  #aliased(): { over: Over | null; alias: Identifier | null; columns: Identifier[] } {
    let over = this.#over();
    const alias = this.#alias('an alias');
    const columns = alias !== null && this.#is('(') ? this.#identifiers('a column alias') : [];
    over ??= this.#over();
    return { over, alias, columns };
  }

  #groupBy(): Expr[] {
    if (!this.#take('GROUP')) return [];
    this.#expect('BY', 'after GROUP');
    if (this.#isAny('ROLLUP', 'CUBE', 'GROUPING'))
      throw this.#notSupported(this.#token.text, 'write a pump for each grouping');
    const items = [this.#expr()];
    while (this.#take(',')) items.push(this.#expr());
    return items;
  }

  #stagger(): Stagger {
    const from = this.#phrase('WINDOWED', 'BY');
    const hint = "for example WINDOWED BY STAGGER (PARTITION BY ticker RANGE INTERVAL '1' MINUTE)";
    if (!this.#is('STAGGER')) throw this.#unexpected('STAGGER', hint);
    this.#advance();
    this.#expect('(', 'after STAGGER');
    if (!this.#is('PARTITION')) throw this.#unexpected('PARTITION BY', hint);
    const partitionBy = this.#partitionBy();
    if (!this.#is('RANGE')) throw this.#unexpected('RANGE', hint);
    this.#advance();
    const range = this.#expr(precedence.concat);
    this.#expect(')', 'after the window');
    return { kind: 'stagger', partitionBy, range, span: this.#spanFrom(from) };
  }

  #windows(): NamedWindow[] {
    if (!this.#take('WINDOW')) return [];
    const windows = [this.#namedWindow()];
    while (this.#take(',')) windows.push(this.#namedWindow());
    return windows;
  }

  #namedWindow(): NamedWindow {
    const name = this.#identifier('a window name');
    this.#expect('AS', 'after the name of the window');
    const spec = this.#windowSpec();
    return { kind: 'namedWindow', name, spec, span: this.#spanFrom(name.span.from) };
  }

  #over(): Over | null {
    if (!this.#take('OVER')) return null;
    if (this.#is('(')) return this.#windowSpec();
    const name = this.#identifier('a window name or (');
    return { kind: 'windowName', name, span: name.span };
  }

  #windowSpec(): WindowSpec {
    const from = this.#expect('(', 'and the window').from;
    const { kind, text } = this.#token;
    const hasBase = kind === 'quoted' || (kind === 'word' && !isReserved(text));
    const base = hasBase ? this.#identifier('a window name') : null;
    let partitionBy: Expr[] = [];
    let orderBy: OrderItem[] = [];
    while (true) {
      if (partitionBy.length === 0 && this.#is('PARTITION')) partitionBy = this.#partitionBy();
      else if (orderBy.length === 0 && this.#is('ORDER')) orderBy = this.#orderBy();
      else break;
    }
    const frame = this.#frame();
    if (!this.#is(')')) {
      if (this.#isAny('ALLOW', 'DISALLOW')) throw this.#notSupported(`${this.#token.text} PARTIAL`, 'leave it out');
      throw this.#unexpected(frame === null ? 'PARTITION BY, RANGE, ROWS or )' : ') after the window');
    }
    this.#advance();
    return { kind: 'windowSpec', base, partitionBy, orderBy, frame, span: this.#spanFrom(from) };
  }

  #partitionBy(): Expr[] {
    this.#phrase('PARTITION', 'BY');
    const items = [this.#expr()];
    while (this.#take(',')) items.push(this.#expr());
    return items;
  }

  #frame(): Frame | null {
    const { from } = this.#token;
    const unit = this.#oneOf({ ROWS: 'rows', RANGE: 'range' } as const);
    if (unit === null) return null;
    if (!this.#take('BETWEEN')) {
      const start = this.#frameBound();
      return { kind: 'frame', unit, start, end: null, span: this.#spanFrom(from) };
    }
    const start = this.#frameBound();
    this.#expect('AND', 'between the bounds of the window');
    const end = this.#frameBound();
    return { kind: 'frame', unit, start, end, span: this.#spanFrom(from) };
  }

  #frameBound(): FrameBound {
    const { from } = this.#token;
    if (this.#is('CURRENT')) {
      this.#phrase('CURRENT', 'ROW');
      return { kind: 'currentRow', span: this.#spanFrom(from) };
    }
    const unbounded = this.#is('UNBOUNDED') && (this.#isAt(1, 'PRECEDING') || this.#isAt(1, 'FOLLOWING'));
    if (unbounded) this.#advance();
    const offset = unbounded ? null : this.#expr(precedence.concat);
    const kind = this.#oneOf({ PRECEDING: 'preceding', FOLLOWING: 'following' } as const);
    if (kind === null)
      throw this.#unexpected('PRECEDING', "for example RANGE INTERVAL '1' MINUTE PRECEDING, or ROWS 10 PRECEDING");
    return { kind, offset, span: this.#spanFrom(from) };
  }

  #orderBy(): OrderItem[] {
    this.#phrase('ORDER', 'BY');
    const items = [this.#orderItem()];
    while (this.#take(',')) items.push(this.#orderItem());
    return items;
  }

  #orderItem(): OrderItem {
    const { from } = this.#token;
    const expr = this.#expr();
    let within = this.#within();
    const descending = this.#take('DESC');
    if (!descending) this.#take('ASC');
    let nulls: OrderItem['nulls'] = null;
    if (this.#take('NULLS')) {
      nulls = this.#oneOf({ FIRST: 'first', LAST: 'last' } as const);
      if (nulls === null) throw this.#unexpected('FIRST or LAST after NULLS');
    }
    within ??= this.#within();
    return { kind: 'orderItem', expr, descending, nulls, within, span: this.#spanFrom(from) };
  }

  #within(): Expr | null {
    return this.#take('WITHIN') ? this.#expr(precedence.concat) : null;
  }

  // Expressions

  #expr(min: number = precedence.lowest): Expr {
    if (min === precedence.lowest) this.#enter();
    const { from } = this.#token;
    let left = this.#prefix();
    for (let next = this.#infix(left, from, min); next !== null; next = this.#infix(left, from, min)) left = next;
    if (min === precedence.lowest) this.#leave();
    return left;
  }

  #prefix(): Expr {
    const token = this.#token;
    const op = this.#oneOf({ NOT: 'NOT', '-': '-', '+': '+' } as const);
    if (op === null) return this.#primary();
    this.#enter();
    const operand = this.#expr(op === 'NOT' ? precedence.not : precedence.sign);
    this.#leave();
    return { kind: 'unary', op, operand, span: this.#spanFrom(token.from) };
  }

  /** One operator after `left` and what belongs to it; `null` if there is none that holds at least as tightly as `min`. */
  #infix(left: Expr, from: number, min: number): Expr | null {
    const token = this.#token;
    if (token.kind !== 'symbol' && token.kind !== 'word') return null;
    if (isBinaryOp(token.text)) {
      const op = token.text;
      const level = binaryPrecedence[op];
      if (level < min) return null;
      this.#advance();
      if (level === precedence.comparison) this.#rejectQuantified();
      const right = this.#expr(level + 1);
      return { kind: 'binary', op, left, right, opSpan: spanOf(token), span: this.#spanFrom(from) };
    }
    if (token.kind !== 'word') return null;
    if (token.text === 'IS') return min <= precedence.is ? this.#isTest(left, from) : null;
    return min <= precedence.comparison ? this.#predicate(left, from) : null;
  }

  #rejectQuantified(): void {
    if (this.#isAny('ANY', 'SOME', 'ALL') && this.#isAt(1, '(') && this.#isQuery(1)) {
      throw this.#notSupported(`a comparison with ${this.#token.text}`, 'write x IN (query), or EXISTS (query)');
    }
  }

  #isTest(left: Expr, from: number): Expr {
    this.#advance();
    const negated = this.#take('NOT');
    if (this.#take('DISTINCT')) {
      this.#expect('FROM', 'after DISTINCT');
      const right = this.#expr(precedence.comparison);
      return { kind: 'isDistinct', negated, left, right, span: this.#spanFrom(from) };
    }
    const test = this.#oneOf({ NULL: 'NULL', TRUE: 'TRUE', FALSE: 'FALSE', UNKNOWN: 'UNKNOWN' } as const);
    if (test === null) {
      const hint = this.#startsOperand(0) ? 'values are compared with = or <>' : null;
      throw this.#unexpected('NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM', hint);
    }
    return { kind: 'is', negated, test, operand: left, span: this.#spanFrom(from) };
  }

  /** BETWEEN, IN, LIKE, SIMILAR TO, with or without NOT, and the temporal predicates. */
  #predicate(operand: Expr, from: number): Expr | null {
    const negated = this.#is('NOT');
    const word = this.#peek(negated ? 1 : 0);
    if (word.kind !== 'word') return null;
    const isSimilar = word.text === 'SIMILAR' && this.#isAt(negated ? 2 : 1, 'TO');
    if (!isSimilar && !['BETWEEN', 'IN', 'LIKE'].includes(word.text)) {
      return negated ? null : this.#temporal(operand, from);
    }
    if (negated) this.#advance();
    this.#advance();

    if (word.text === 'BETWEEN') {
      if (this.#isAny('SYMMETRIC', 'ASYMMETRIC')) throw this.#notSupported(`BETWEEN ${this.#token.text}`);
      const low = this.#expr(precedence.concat);
      this.#expect('AND', 'between the bounds of BETWEEN');
      const high = this.#expr(precedence.concat);
      return { kind: 'between', negated, operand, low, high, span: this.#spanFrom(from) };
    }
    if (word.text === 'IN') {
      if (this.#isQuery()) {
        this.#advance();
        const query = this.#queryAndClose();
        return { kind: 'inQuery', negated, operand, query, span: this.#spanFrom(from) };
      }
      if (!this.#is('(')) throw this.#unexpected('( after IN', "for example ticker IN ('AMZN', 'MSFT')");
      const items = this.#list('a value', () => this.#expr());
      return { kind: 'inList', negated, operand, items, span: this.#spanFrom(from) };
    }
    if (isSimilar) this.#advance();
    const pattern = this.#expr(precedence.concat);
    const escapedBy = this.#take('ESCAPE') ? this.#expr(precedence.concat) : null;
    const op = isSimilar ? 'SIMILAR TO' : 'LIKE';
    return { kind: 'like', op, negated, operand, pattern, escape: escapedBy, span: this.#spanFrom(from) };
  }

  /**
   * a [STRICTLY | IMMEDIATELY] PRECEDES b [PRECEDES c …]. A chain is the AND of its links, and its inner operands are
   * in two of them. A chain inside such an operand would double with each level, so it is rejected.
   */
  #temporal(operand: Expr, from: number): Expr | null {
    let left = operand;
    let leftFrom = from;
    let result: Expr | null = null;
    for (let next = this.#temporalOp(); next !== null; next = this.#temporalOp()) {
      const { op, modifier, opSpan } = next;
      const rightFrom = this.#token.from;
      const chains = this.#chains;
      const right = this.#expr(precedence.concat);
      if (this.#chains > chains && this.#temporalAhead() !== null) {
        throw this.#error(
          'SQL_TOO_COMPLEX',
          'a chain of temporal predicates inside another',
          right.span,
          'write them with AND',
        );
      }
      const span = this.#spanFrom(leftFrom);
      const link: Temporal = { kind: 'temporal', op, modifier, left: asPeriod(left), right: asPeriod(right), span };
      if (result === null) result = link;
      else {
        this.#chains++;
        result = { kind: 'binary', op: 'AND', left: result, right: link, opSpan, span: this.#spanFrom(from) };
      }
      left = right;
      leftFrom = rightFrom;
    }
    return result;
  }

  #temporalOp(): { op: TemporalOp; modifier: Temporal['modifier']; opSpan: Span } | null {
    const ahead = this.#temporalAhead();
    if (ahead === null) return null;
    const { from } = this.#token;
    if (ahead.modifier !== null) this.#advance();
    this.#advance();
    return { ...ahead, opSpan: this.#spanFrom(from) };
  }

  #temporalAhead(): { op: TemporalOp; modifier: Temporal['modifier'] } | null {
    const modifier = this.#is('STRICTLY') ? 'strictly' : this.#is('IMMEDIATELY') ? 'immediately' : null;
    const at = modifier === null ? 0 : 1;
    const op = temporalOps.find((word) => this.#isAt(at, word));
    return op !== undefined && this.#startsOperand(at + 1) ? { op, modifier } : null;
  }

  #primary(): Expr {
    const { from } = this.#token;
    let expr = this.#simple();
    while (this.#take('.')) {
      expr = { kind: 'field', operand: expr, name: this.#identifier('a field name'), span: this.#spanFrom(from) };
    }
    return expr;
  }

  #simple(): Expr {
    const token = this.#token;
    switch (token.kind) {
      case 'number': {
        this.#advance();
        const form = /e/i.test(token.text) ? 'approximate' : token.text.includes('.') ? 'decimal' : 'integer';
        return { kind: 'number', form, text: token.text, span: spanOf(token) };
      }
      case 'string':
      case 'unicodeString': {
        const { value, span } = this.#string('a string');
        return { kind: 'string', value, span };
      }
      case 'binaryString':
        this.#advance();
        return { kind: 'binaryString', hex: token.text, span: spanOf(token) };
      case 'quoted':
        return this.#isAt(1, '(') ? this.#call() : this.#column();
      case 'word':
        return this.#word(token);
      default:
        if (this.#is('(')) return this.#parenthesized();
        throw this.#unexpected('an expression');
    }
  }

  #word(token: Token): Expr {
    const span = spanOf(token);
    const isCall = this.#isAt(1, '(');
    switch (token.text) {
      case 'NULL':
        this.#advance();
        return { kind: 'null', span };
      case 'TRUE':
      case 'FALSE':
      case 'UNKNOWN':
        this.#advance();
        return { kind: 'boolean', value: token.text === 'UNKNOWN' ? null : token.text === 'TRUE', span };
      case 'CASE':
        return this.#case();
      case 'INTERVAL':
        return this.#interval();
      case 'DATE':
      case 'TIME':
      case 'TIMESTAMP': {
        const text = this.#peek(1);
        if (text.kind !== 'string' && text.kind !== 'quoted') break;
        this.#advance();
        const { value, span: textSpan } = this.#string(`the ${token.text}`);
        return { kind: 'datetime', type: token.text, text: value, textSpan, span: this.#spanFrom(token.from) };
      }
      case 'EXISTS':
        this.#advance();
        this.#expect('(', 'and a query after EXISTS');
        return { kind: 'exists', query: this.#queryAndClose(), span: this.#spanFrom(token.from) };
      case 'CURSOR':
        this.#advance();
        this.#expect('(', 'and a query after CURSOR');
        return { kind: 'cursor', query: this.#queryAndClose(), span: this.#spanFrom(token.from) };
      case 'CAST':
        if (isCall) return this.#cast();
        break;
      case 'TRIM':
        if (isCall) return this.#trim();
        break;
      case 'ROW':
        if (!isCall) break;
        this.#advance();
        return { kind: 'row', items: this.#list('a value', () => this.#expr()), span: this.#spanFrom(token.from) };
      case 'PERIOD':
        if (isCall) return this.#period();
        break;
    }
    if (isCall && (!isReserved(token.text) || reservedFunctions.has(token.text))) return this.#call();
    if (niladicFunctions.has(token.text)) return this.#niladic();
    if (!isReserved(token.text)) return this.#column();
    throw this.#misplacedWord(token, isCall);
  }

  #misplacedWord(token: Token, isCall: boolean): SqlError {
    const { text } = token;
    if (isCall && unitOf(text) !== null) return this.#notSupported(`${text}(…)`, `write EXTRACT(${text} FROM …)`);
    if (isCall && (text === 'LEFT' || text === 'RIGHT'))
      return this.#notSupported(`${text}(…)`, 'write SUBSTRING(s, p, n)');
    if (isCall && typeWords.has(text)) return this.#notSupported(`${text}(…)`, `write CAST(value AS ${text})`);
    if (isCall && text === 'CONVERT') return this.#notSupported('CONVERT(…)', 'write CAST(value AS type)');
    if (text === 'SELECT') return this.#unexpected('an expression', 'a query that gives a value is put in parentheses');
    if (text === 'DISTINCT')
      return this.#unexpected('an expression', 'DISTINCT comes right after SELECT or SELECT STREAM');
    if (text === 'STREAM') return this.#unexpected('an expression', 'STREAM comes right after SELECT');
    if (structuralWords.has(text)) {
      const isComma = this.#at > 0 && this.#tokens[this.#at - 1]!.text === ',';
      return this.#unexpected('an expression', isComma ? `remove the comma before ${text}` : null);
    }
    return this.#reserved(token, 'a column name');
  }

  #parenthesized(): Expr {
    const { from } = this.#token;
    if (this.#isQuery()) {
      this.#advance();
      return { kind: 'scalarQuery', query: this.#queryAndClose(), span: this.#spanFrom(from) };
    }
    const items = this.#list('an expression', () => this.#expr());
    const [first] = items;
    if (items.length > 1 || first === undefined) return { kind: 'row', items, span: this.#spanFrom(from) };
    if (first.kind === 'binary' && first.op === '-' && this.#unitAt(0) !== null) {
      const { left, right } = first;
      return { kind: 'datetimeDifference', left, right, qualifier: this.#qualifier(), span: this.#spanFrom(from) };
    }
    return first;
  }

  #column(): Column {
    const { from } = this.#token;
    const path = [this.#identifier('a column')];
    while (this.#take('.')) path.push(this.#identifier('a name after the dot'));
    if (path.length > 1 && this.#is('(')) {
      throw this.#error(
        'SQL_NOT_SUPPORTED',
        'a function name has no schema',
        this.#spanFrom(from),
        'write the last name alone',
      );
    }
    return { kind: 'column', path, span: this.#spanFrom(from) };
  }

  #case(): Case {
    const { from } = this.#advance();
    const operand = this.#is('WHEN') ? null : this.#expr();
    const branches: CaseBranch[] = [];
    while (this.#is('WHEN')) {
      const start = this.#advance().from;
      const when = this.#expr();
      this.#expect('THEN', 'after the condition');
      const then = this.#expr();
      branches.push({ kind: 'caseBranch', when, then, span: this.#spanFrom(start) });
    }
    if (branches.length === 0) throw this.#unexpected('WHEN');
    const otherwise = this.#take('ELSE') ? this.#expr() : null;
    if (this.#isAny('ELSEIF', 'ELSIF'))
      throw this.#unexpected('END of the CASE', 'write WHEN for each further condition');
    this.#expect('END', 'of the CASE');
    return { kind: 'case', operand, branches, otherwise, span: this.#spanFrom(from) };
  }

  #cast(): Expr {
    const { from } = this.#advance();
    this.#expect('(');
    const operand = this.#expr();
    this.#expect('AS', 'and a type in CAST');
    const type = this.#type();
    this.#expect(')', 'after the type');
    return { kind: 'cast', operand, type, span: this.#spanFrom(from) };
  }

  #period(): Expr {
    const { from } = this.#advance();
    this.#expect('(');
    const start = this.#expr();
    this.#expect(',', 'between the start and the end of the period');
    const end = this.#expr();
    this.#expect(')', 'after the end of the period');
    return { kind: 'period', start, end, span: this.#spanFrom(from) };
  }

  #trim(): Expr {
    const { from } = this.#advance();
    this.#expect('(');
    const side = this.#oneOf({ BOTH: 'both', LEADING: 'leading', TRAILING: 'trailing' } as const);
    let characters: Expr | null = null;
    let value: Expr | null = null;
    if (!this.#is('FROM')) {
      value = this.#expr();
      if (side !== null && !this.#is('FROM')) throw this.#unexpected('FROM', "for example TRIM(LEADING 'x' FROM s)");
    }
    if (this.#take('FROM')) {
      characters = value;
      value = this.#expr();
    }
    this.#expect(')', "of TRIM; for example TRIM(BOTH 'x' FROM s)");
    return { kind: 'trim', side: side ?? 'both', characters, value: value!, span: this.#spanFrom(from) };
  }

  #niladic(): Call {
    const token = this.#advance();
    const name: Identifier = { kind: 'identifier', name: token.text, quoted: false, span: spanOf(token) };
    const plain = { star: false, quantifier: null, nthFrom: null, nulls: null, over: null };
    return { kind: 'call', name, args: [], ...plain, span: spanOf(token) };
  }

  #call(): Call {
    const token = this.#advance();
    const quoted = token.kind === 'quoted';
    this.#expect('(');
    const star = this.#take('*');
    const quantifier = star ? null : this.#oneOf({ DISTINCT: 'distinct', ALL: 'all' } as const);
    let form: { readonly name: string; readonly args: Expr[] } = { name: token.text, args: [] };
    if (!star && (quantifier !== null || !this.#is(')'))) form = this.#args(token.text, quoted);
    if (!this.#is(')')) throw this.#unclosedCall(token);
    this.#advance();

    const name: Identifier = { kind: 'identifier', name: form.name, quoted, span: spanOf(token) };
    const nthFrom = this.#nthFrom(name);
    const nulls = this.#isAt(1, 'NULLS') ? this.#oneOf({ IGNORE: 'ignore', RESPECT: 'respect' } as const) : null;
    if (nulls !== null) this.#expect('NULLS');
    if (this.#is('FILTER') && this.#isAt(1, '(')) {
      throw this.#notSupported('FILTER', 'aggregate a CASE: SUM(CASE WHEN condition THEN x END)');
    }
    if (this.#is('WITHIN') && this.#isAt(1, 'GROUP')) throw this.#notSupported('WITHIN GROUP');
    const over = this.#over();
    const { args } = form;
    return { kind: 'call', name, args, star, quantifier, nthFrom, nulls, over, span: this.#spanFrom(token.from) };
  }

  /** The arguments up to the closing parenthesis. The forms with words in them may be written with commas, too. */
  #args(name: string, quoted: boolean): { readonly name: string; readonly args: Expr[] } {
    if (name === 'EXTRACT' && !quoted) {
      const unit = this.#unit();
      this.#expect('FROM', 'after the unit');
      return { name, args: [unit, this.#expr()] };
    }
    // The IN of POSITION(x IN s) is not the predicate.
    const args = [this.#expr(name === 'POSITION' && !quoted ? precedence.concat : precedence.lowest)];
    switch (quoted ? '' : name) {
      case 'STEP':
        if (this.#take('BY')) return { name, args: [...args, this.#expr()] };
        break;
      case 'FLOOR':
      case 'CEIL':
      case 'CEILING':
        if (this.#take('TO')) return { name, args: [...args, this.#unit()] };
        break;
      case 'POSITION':
        if (this.#take('IN')) return { name, args: [...args, this.#expr()] };
        break;
      case 'OVERLAY':
        if (!this.#take('PLACING')) break;
        args.push(this.#expr());
        this.#expect('FROM', 'and the position');
        args.push(this.#expr());
        if (this.#take('FOR')) args.push(this.#expr());
        return { name, args };
      case 'SUBSTRING':
        if (this.#take('SIMILAR')) {
          args.push(this.#expr(precedence.concat));
          this.#expect('ESCAPE', 'after the pattern of SUBSTRING');
          return { name: 'SUBSTRING SIMILAR', args: [...args, this.#expr()] };
        }
        if (!this.#take('FROM')) break;
        args.push(this.#expr());
        if (this.#take('FOR')) args.push(this.#expr());
        return { name, args };
    }
    while (this.#take(',')) args.push(this.#expr());
    return { name, args };
  }

  #unclosedCall(token: Token): SqlError {
    const name = this.#source(token);
    if (this.#isAny('IGNORE', 'RESPECT')) {
      return this.#unexpected(`the ) of ${name}`, `write ${this.#token.text} NULLS after the closing parenthesis`);
    }
    if (this.#startsOperand(0)) return this.#unexpected('a comma or )', this.#commaHint());
    return this.#unexpected(`the ) of ${name}`);
  }

  /** FROM FIRST | LAST. Only where the call goes on, since FROM first may be a stream of that name. */
  #nthFrom(name: Identifier): Call['nthFrom'] {
    const goesOn = this.#isAt(2, 'IGNORE') || this.#isAt(2, 'RESPECT') || this.#isAt(2, 'OVER');
    if (name.name !== 'NTH_VALUE' || !this.#is('FROM') || !goesOn) return null;
    if (!this.#isAt(1, 'FIRST') && !this.#isAt(1, 'LAST')) return null;
    this.#advance();
    return this.#oneOf({ FIRST: 'first', LAST: 'last' } as const);
  }

  #unit(): Unit {
    const { from } = this.#token;
    const unit = this.#takeUnit();
    return { kind: 'unit', unit, span: this.#spanFrom(from) };
  }

  #takeUnit(): DatetimeUnit {
    const unit = this.#unitAt(0);
    if (unit === null) {
      const { text } = this.#token;
      const singular = text.endsWith('S') ? unitOf(text.slice(0, -1)) : null;
      const isWeek = text === 'WEEK' || text === 'WEEKS';
      const week = isWeek ? "a week is INTERVAL '7' DAY, and its start STEP(t BY INTERVAL '7' DAY)" : null;
      throw this.#unexpected(unitList, singular === null ? week : `units are singular: ${singular}`);
    }
    this.#advance();
    return unit;
  }

  #unitAt(offset: number): DatetimeUnit | null {
    const token = this.#peek(offset);
    return token.kind === 'word' ? unitOf(token.text) : null;
  }

  #interval(): Expr {
    const { from } = this.#advance();
    const negative = this.#take('-');
    if (!negative) this.#take('+');
    const { value: text, span: textSpan } = this.#string('the value of the interval');
    const [, count, unit = ''] = /^\s*(\S+)\s+([A-Za-z]+?)[Ss]?\s*$/.exec(text) ?? [];
    if (unitOf(unit.toUpperCase()) !== null && this.#unitAt(0) === null)
      throw this.#unexpected(unitList, `the unit stands behind the quotes: INTERVAL '${count}' ${unit.toUpperCase()}`);
    const qualifier = this.#qualifier();
    return { kind: 'interval', negative, text, textSpan, qualifier, span: this.#spanFrom(from) };
  }

  #qualifier(): IntervalQualifier {
    const { from } = this.#token;
    const start = this.#takeUnit();
    let precision: number | null = null;
    let end: DatetimeUnit | null = null;
    let fractionPrecision: number | null = null;
    if (this.#take('(')) {
      precision = this.#unsigned('a precision');
      if (start === 'SECOND' && this.#take(',')) fractionPrecision = this.#unsigned('a precision');
      this.#expect(')', 'after the precision');
    }
    // FLOOR((a - b) SECOND TO SECOND): this TO belongs to FLOOR.
    const next = this.#is('TO') ? this.#unitAt(1) : null;
    if (next !== null && mayEnd(start, next)) {
      this.#advance();
      end = this.#takeUnit();
      if (end === 'SECOND' && this.#take('(')) {
        fractionPrecision = this.#unsigned('a precision');
        this.#expect(')', 'after the precision');
      }
    }
    return { kind: 'intervalQualifier', start, precision, end, fractionPrecision, span: this.#spanFrom(from) };
  }

  #type(): TypeName {
    const token = this.#token;
    const name = token.kind === 'word' ? typeWords.get(token.text) : undefined;
    if (name === undefined) throw this.#notType(token);
    this.#advance();
    const type = { kind: 'typeName', precision: null, scale: null, qualifier: null } as const;
    if (name === 'INTERVAL') return { ...type, name, qualifier: this.#qualifier(), span: this.#spanFrom(token.from) };
    if (token.text === 'DOUBLE') this.#take('PRECISION');
    const varying = (name === 'CHAR' || name === 'BINARY') && this.#take('VARYING');
    let precision: number | null = null;
    let scale: number | null = null;
    if (this.#is('(')) {
      const takesLength = !['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'REAL', 'BOOLEAN', 'DATE'].includes(name);
      if (!takesLength || token.text === 'DOUBLE') {
        throw this.#error(
          'SQL_SYNTAX',
          `${token.text} takes no length`,
          spanOf(token),
          `leave out the parentheses: ${token.text}`,
        );
      }
      this.#advance();
      precision = this.#unsigned('a length');
      if (name === 'DECIMAL' && this.#take(',')) scale = this.#unsigned('a scale');
      this.#expect(')', 'after the length');
      // FLOAT(24) is a DOUBLE like any other.
      if (name === 'DOUBLE') precision = null;
    }
    if ((name === 'TIMESTAMP' || name === 'TIME') && this.#is('WITH') && this.#isAt(1, 'TIME')) {
      throw this.#notSupported('WITH TIME ZONE', 'times have no zone and are in UTC');
    }
    const folded = varying ? (name === 'CHAR' ? 'VARCHAR' : 'VARBINARY') : name;
    return { ...type, name: folded, precision, scale, span: this.#spanFrom(token.from) };
  }

  #notType(token: Token): SqlError {
    const isName = token.kind === 'word' && (!isReserved(token.text) || foreignTypes.has(token.text));
    if (!isName) return this.#unexpected('a type');
    const instead = foreignTypes.get(token.text);
    const hint = instead === undefined ? `the types are ${typeList}` : `write ${instead}`;
    return this.#error('SQL_UNKNOWN_TYPE', `there is no type ${token.text}`, spanOf(token), hint);
  }

  // Words and names

  #string(what: string): { readonly value: string; readonly span: Span } {
    const token = this.#token;
    if (token.kind === 'string') {
      this.#advance();
      return { value: token.text, span: spanOf(token) };
    }
    if (token.kind === 'unicodeString') return this.#unicodeString();
    const inQuotes = `${what} in single quotes`;
    if (token.kind === 'quoted') throw this.#unexpected(inQuotes, `write '${token.text.replaceAll("'", "''")}'`);
    if (token.kind === 'number') throw this.#unexpected(inQuotes, `write '${token.text}'`);
    throw this.#unexpected(inQuotes);
  }

  /** u&'\0041' with an optional UESCAPE. */
  #unicodeString(): { readonly value: string; readonly span: Span } {
    const token = this.#advance();
    let mark = '\\';
    if (this.#take('UESCAPE')) {
      const given = this.#token;
      mark = this.#string('the escape character').value;
      if (!/^[^0-9a-fA-F+'"\s]$/.test(mark)) {
        const message = 'expected one character that is no hexadecimal digit, sign, quote or blank after UESCAPE';
        throw this.#error('SQL_INVALID_LITERAL', message, spanOf(given));
      }
    }
    const span = this.#spanFrom(token.from);
    let value = '';
    let at = 0;
    while (at < token.text.length) {
      const next = token.text.indexOf(mark, at);
      if (next < 0) break;
      value += token.text.slice(at, next);
      at = next + 1;
      if (token.text[at] === mark) {
        value += mark;
        at++;
        continue;
      }
      const long = token.text[at] === '+';
      const hex = long ? token.text.slice(at + 1, at + 7) : token.text.slice(at, at + 4);
      const code = Number.parseInt(hex, 16);
      if (hex.length !== (long ? 6 : 4) || !/^[0-9a-fA-F]*$/.test(hex) || code > 0x10ffff) {
        const message = `${mark}${excerpt(token.text.slice(at, at + 7))} is no character`;
        throw this.#error('SQL_INVALID_LITERAL', message, span, `write ${mark}0041 or ${mark}+01F600`);
      }
      value += String.fromCodePoint(code);
      at += long ? 7 : 4;
    }
    return { value: value + token.text.slice(at), span };
  }

  #unsigned(what: string): number {
    const token = this.#token;
    const isInteger = token.kind === 'number' && /^[0-9]{1,9}$/.test(token.text);
    if (!isInteger) throw this.#unexpected(`${what}, a whole number`);
    this.#advance();
    return Number(token.text);
  }

  #name(what: string): Name {
    const { from } = this.#token;
    const parts = [this.#identifier(what)];
    while (this.#take('.')) parts.push(this.#identifier('a name after the dot'));
    return { kind: 'name', parts, span: this.#spanFrom(from) };
  }

  #identifiers(what: string): Identifier[] {
    return this.#list(what, () => this.#identifier(what), { missing: 'a comma' });
  }

  #identifier(what: string): Identifier {
    const token = this.#token;
    if (token.kind === 'quoted' || (token.kind === 'word' && !isReserved(token.text))) {
      this.#advance();
      return { kind: 'identifier', name: token.text, quoted: token.kind === 'quoted', span: spanOf(token) };
    }
    if (token.kind === 'word' && !structuralWords.has(token.text)) throw this.#reserved(token, what);
    throw this.#unexpected(what, token.kind === 'string' ? 'a name is put in double quotes, or in none' : null);
  }

  /** (item, …) */
  #list<T>(
    what: string,
    item: () => T,
    options: { readonly mayBeEmpty?: boolean; readonly missing?: string } = {},
  ): T[] {
    this.#expect('(', `and ${what}`);
    if (options.mayBeEmpty && this.#take(')')) return [];
    const items = [item()];
    while (this.#take(',')) {
      if (this.#is(')')) throw this.#unexpected(what, 'remove the comma before )');
      items.push(item());
    }
    if (!this.#is(')')) throw this.#unexpected('a comma or )', this.#commaHint(options.missing));
    this.#advance();
    return items;
  }

  #queryAndClose(): Query {
    const query = this.#query();
    if (!this.#is(')')) throw this.#unexpectedAfterQuery(')');
    this.#advance();
    return query;
  }

  /** Is this ( the start of a query? In ((SELECT …) + 1) the first one is not, in ((SELECT …) UNION …) it is. */
  #isQuery(offset = 0): boolean {
    const start = this.#at + offset;
    if (!isWord(this.#tokens[start], '(')) return false;
    let at = start;
    while (isWord(this.#tokens[at + 1], '(') && at - start <= nestingMax) at++;
    if (!isWord(this.#tokens[at + 1], 'SELECT', 'VALUES', 'WITH')) return false;
    for (; at > start; at--) {
      const close = this.#partnerOf[at]!;
      if (close >= 0 && !isWord(this.#tokens[close + 1], ')', 'UNION', 'INTERSECT', 'EXCEPT', 'ORDER')) return false;
    }
    return true;
  }

  /** Does an operand begin here? Says yes of a word that may also be an alias. */
  #startsOperand(offset: number): boolean {
    const token = this.#peek(offset);
    if (token.kind === 'symbol') return token.text === '(' || token.text === '-' || token.text === '+';
    if (token.kind !== 'word') return token.kind !== 'end' && token.kind !== 'invalid';
    return !isReserved(token.text) || reservedFunctions.has(token.text) || operandWords.has(token.text);
  }

  // Tokens

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #peek(offset: number): Token {
    return this.#tokens[this.#at + offset] ?? this.#tokens.at(-1)!;
  }

  #is(text: string): boolean {
    return isWord(this.#token, text);
  }

  #isAny(...texts: string[]): boolean {
    return isWord(this.#token, ...texts);
  }

  #isAt(offset: number, text: string): boolean {
    return isWord(this.#peek(offset), text);
  }

  #take(text: string): boolean {
    const is = this.#is(text);
    if (is) this.#at++;
    return is;
  }

  /** Takes the word or symbol that is a key of `values`, and gives its value. */
  #oneOf<T>(values: Readonly<Record<string, T>>): T | null {
    const { kind, text } = this.#token;
    if ((kind !== 'word' && kind !== 'symbol') || !Object.hasOwn(values, text)) return null;
    this.#at++;
    return values[text]!;
  }

  #advance(): Token {
    const token = this.#token;
    if (token.problem !== null) throw thrown(token.problem);
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  #expect(text: string, where = ''): Token {
    if (!this.#is(text)) throw this.#unexpected(`${text} ${where}`.trimEnd());
    return this.#advance();
  }

  /** Several words in a row. Gives the offset of the first. */
  #phrase(...words: string[]): number {
    const { from } = this.#token;
    for (const word of words) this.#expect(word, words[0] === word ? '' : `after ${words[0]}`);
    return from;
  }

  /** A phrase, if its first word is here. */
  #takePhrase(...words: string[]): boolean {
    if (!this.#is(words[0]!)) return false;
    this.#phrase(...words);
    return true;
  }

  /** From an offset to the end of the last token taken. */
  #spanFrom(from: number): Span {
    return { from, to: Math.max(from, this.#tokens[this.#at - 1]?.to ?? 0) };
  }

  #source(span: Span): string {
    return excerpt(this.#text.slice(span.from, span.to));
  }

  #enter(): void {
    this.#nesting++;
    if (this.#nesting <= nestingMax) return;
    throw this.#error('SQL_TOO_COMPLEX', `nested more than ${nestingMax} levels deep`, spanOf(this.#token));
  }

  #leave(): void {
    this.#nesting--;
  }

  // Errors

  #error(code: SqlErrorCode, message: string, span: Span, hint: string | null = null): SqlError {
    return new SqlError(code, message, span, hint);
  }

  /** At the token that is there instead of `expected`. */
  #unexpected(expected: string, hint: string | null = null): SqlError {
    const token = this.#token;
    if (token.problem !== null) return thrown(token.problem);
    const found = `expected ${expected}, found ${this.#found(token)}`;
    return this.#error('SQL_SYNTAX', found, spanOf(token), this.#tokenHint() ?? hint ?? this.#unitHint());
  }

  /** A query ends before this token, which goes on as if it did not. */
  #unexpectedAfterQuery(expected: string): SqlError {
    if (this.#isAny('LIMIT', 'FETCH')) {
      const hint =
        'a stream has no end to count to: filter with WHERE, or take the most frequent with TOP_K_ITEMS_TUMBLING';
      return this.#notSupported(this.#token.text, hint);
    }
    if (this.#isAny(...clauses, 'WHERE')) return this.#unexpected(expected, clauseOrder);
    if (this.#isAny('ON', 'USING'))
      return this.#unexpected(expected, `${this.#token.text} comes right after the JOIN it belongs to`);
    return this.#unexpected(expected);
  }

  #notSupported(what: string, hint: string | null = null): SqlError {
    return this.#error('SQL_NOT_SUPPORTED', `${what} is not part of the dialect`, spanOf(this.#token), hint);
  }

  #reserved(token: Token, what: string): SqlError {
    const { text } = token;
    const isFunction = what === 'a column name' && reservedFunctions.has(text) && !niladicFunctions.has(text);
    const source = this.#source(token);
    const quoted = source === text ? `"${text}"` : `"${source}" or "${text}", which are two names`;
    const hint = isFunction
      ? `as a function it needs parentheses, ${text}(…); as a name, quotes: ${quoted}`
      : `put it in quotes: ${quoted}`;
    const message = `${text} is a reserved word and cannot be ${what} without quotes`;
    return this.#error('SQL_RESERVED_WORD', message, spanOf(token), hint);
  }

  #found(token: Token): string {
    if (token.kind === 'end') return 'the end of the text';
    if (token.text === ',' && token.kind === 'symbol') return 'a comma';
    if (token.text === ';' && token.kind === 'symbol') return 'a semicolon';
    return this.#source(token);
  }

  #commaHint(missing = 'a comma or an operator'): string | null {
    const token = this.#token;
    if (
      token.kind === 'word' &&
      isReserved(token.text) &&
      !structuralWords.has(token.text) &&
      this.#unitAt(0) === null
    ) {
      if (!this.#isAt(1, '(')) return `${token.text} is a reserved word: as a name it needs quotes, "${token.text}"`;
    }
    return this.#startsOperand(0) ? `${missing} may be missing before ${this.#found(token)}` : null;
  }

  /** What the token itself gives away, whatever was expected. */
  #tokenHint(): string | null {
    const before = this.#tokens[this.#at - 1];
    const isString = before?.kind === 'string' || before?.kind === 'unicodeString';
    const touches =
      before?.to === this.#token.from && ['word', 'number', 'quoted', 'string'].includes(this.#token.kind);
    if (isString && touches) return "inside a string, write '' for '";
    return this.#is(')') && this.#partnerOf[this.#at]! < 0 ? 'there is no ( for this )' : null;
  }

  #unitHint(): string | null {
    if (this.#unitAt(0) !== null) {
      return `a unit comes after a subtraction in parentheses, (a - b) SECOND, or in INTERVAL '1' ${this.#token.text}`;
    }
    if (this.#is('TO') && this.#unitAt(1) !== null)
      return 'an interval goes from a larger unit to a smaller: DAY TO SECOND';
    return null;
  }
}

const unitList = 'a unit: YEAR, MONTH, DAY, HOUR, MINUTE or SECOND';
const typeList = [...new Set(typeWords.values())].join(', ');

/** Reserved words that begin an operand, functions apart. */
const operandWords = new Set([
  'CASE',
  'CAST',
  'CURSOR',
  'DATE',
  'EXISTS',
  'FALSE',
  'INTERVAL',
  'NULL',
  'ROW',
  'TIME',
  'TIMESTAMP',
  'TRUE',
  'UNKNOWN',
]);

function thrown({ code, message, span, hint }: Problem): SqlError {
  return new SqlError(code, message, span, hint);
}

function spanOf(span: Span): Span {
  return { from: span.from, to: span.to };
}

function isWord(token: Token | undefined, ...texts: string[]): boolean {
  return token !== undefined && (token.kind === 'word' || token.kind === 'symbol') && texts.includes(token.text);
}

function isBinaryOp(text: string): text is BinaryOp {
  return Object.hasOwn(binaryPrecedence, text);
}

/** YEAR TO MONTH, or DAY TO something smaller. */
function mayEnd(start: DatetimeUnit, end: DatetimeUnit): boolean {
  const isYears = (unit: DatetimeUnit): boolean => unit === 'YEAR' || unit === 'MONTH';
  return isYears(start) === isYears(end) && datetimeUnits.indexOf(end) > datetimeUnits.indexOf(start);
}

/** A temporal predicate reads `(start, end)` as a period. */
function asPeriod(expr: Expr): Expr {
  const [start, end] = expr.kind === 'row' ? expr.items : [];
  if (expr.kind !== 'row' || expr.items.length !== 2 || start === undefined || end === undefined) return expr;
  return { kind: 'period', start, end, span: expr.span };
}

/** For each parenthesis the index of its other half, or -1. */
function partners(tokens: readonly Token[]): Int32Array {
  const out = new Int32Array(tokens.length).fill(-1);
  const open: number[] = [];
  for (const [i, token] of tokens.entries()) {
    if (isWord(token, '(')) open.push(i);
    // A parenthesis left open ends with its statement, and takes none from the next.
    else if (isWord(token, ';')) open.length = 0;
    else if (isWord(token, ')')) {
      const at = open.pop();
      if (at === undefined) continue;
      out[at] = i;
      out[i] = at;
    }
  }
  return out;
}
