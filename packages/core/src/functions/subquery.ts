import type { Batch } from '../batch.ts';
import { type Column, ColumnBuilder, gatherColumn, type Value, valueAt } from '../column.ts';
import { compile, type Expr, type Failures, type FunctionLookup, type Kernel, type ScalarFunction } from '../expr.ts';
import { ValidWriter } from '../kernels/valid.ts';
import { mapKey, type Relation, representative } from '../relation.ts';
import { columnKind, type SqlType } from '../schema.ts';
import { asCondition } from './logic.ts';

/** EXISTS (query), x IN (query) and (query) as a value, where the query reads tables: a function of what it takes from
 *  the row outside, over rows that never change. Its arguments: the keys, then the operands of IN, then what the rest of
 *  the condition takes from outside. */
export interface SubqueryOptions {
  readonly name: string;
  readonly mode: 'exists' | 'in' | 'value';
  /** Its columns: the keys, then the items, then what the rest of the condition reads. */
  readonly relation: Relation;
  /** So many leading columns equal so many leading arguments: found by hash. */
  readonly keys: number;
  /** IN compares so many columns with the arguments behind the keys; a value is the one item. */
  readonly items: number;
  /** Over the columns of the relation and, behind them, the arguments. */
  readonly residual: Expr | null;
  readonly functions: FunctionLookup;
}

export function subqueryFunction(options: SubqueryOptions): ScalarFunction {
  const { name, mode, relation, keys } = options;
  const type: SqlType = mode === 'value' ? relation.schema[keys].type : { kind: 'boolean' };
  const index = new Index(options);
  return {
    name,
    doc: 'A subquery over tables.',
    bind: (exprs) => {
      const represent = exprs.map((expr) => representative(expr.type));
      return { type, kernel: (args, failures) => kernel(options, index, args, represent, type, failures) };
    },
  };
}

function kernel(
  options: SubqueryOptions,
  index: Index,
  args: readonly Kernel[],
  represent: readonly ((value: Value) => Value)[],
  type: SqlType,
  failures: Failures,
): Kernel {
  const { keys, items, residual, functions } = options;
  const condition = residual && compile(residual, failures, functions);
  const answer = (found: Matches, operands: readonly Value[]): Answer => {
    if (options.mode === 'exists') return found.rows.length > 0;
    if (options.mode === 'in') return found.includes(operands);
    return found.rows.length > 1 ? tooMany : found.rows[0] === undefined ? null : index.item(found.rows[0]);
  };
  const tooManyRows = failures.number('SubqueryRows', 'a subquery that stands for a value gives more than one row');

  // What the answer depends on is one text: once for each distinct one.
  const byText = (column: Extract<Column, { kind: 'text' }>): Column => {
    const builder = new ColumnBuilder(columnKind(type), Math.max(column.codes.length, 1));
    const values: Answer[] = [...column.dict.map((text) => answerTo([represent[0](text)])), answerTo([null])];
    const failed = new Map<number, number>();
    for (let i = 0; i < column.codes.length; i++) {
      const state = column.valid ? column.valid[i] : 1;
      const value = values[state === 0 ? column.dict.length : column.codes[i]];
      const failure = state > 1 ? state : value === tooMany ? tooManyRows : 0;
      if (failure > 0) failed.set(i, failure);
      builder.push(failure > 0 || value === tooMany ? null : value);
    }
    return withFailures(builder.finish(), failed, column.codes.length);
  };
  const answerTo = (values: readonly Value[]): Answer =>
    answer(index.find(values.slice(0, keys)), values.slice(keys, keys + items));

  return (batch) => {
    const columns = args.map((arg) => arg(batch));
    const [only] = columns;
    if (!condition && only?.kind === 'text' && columns.length === 1) return byText(only);
    const builder = new ColumnBuilder(columnKind(type), Math.max(batch.length, 1));
    const failed = new Map<number, number>();
    const matched = condition && matches(batch, columns, index, represent.slice(0, keys), condition, failed);
    for (let i = 0; i < batch.length; i++) {
      const state = failedArgument(columns, i);
      const values = columns.slice(0, keys + items).map((column, c) => represent[c](valueAt(column, i)));
      const value = matched ? answer(index.only(matched.get(i) ?? []), values.slice(keys)) : answerTo(values);
      // TRUE is known, whatever another pair would have been.
      if (value === true && state === 0) failed.delete(i);
      if (state > 0 || value === tooMany) failed.set(i, state > 0 ? state : tooManyRows);
      builder.push(value === tooMany ? null : value);
    }
    return withFailures(builder.finish(), failed, batch.length);
  };
}

/** More than one row, where one is a value. */
const tooMany: unique symbol = Symbol('more than one row');

type Answer = Value | typeof tooMany;

/** By row of the batch, the rows of the relation that it meets under the whole condition. Rows with a pair that could not
 *  be computed are in `failed`. */
function matches(
  batch: Batch,
  args: readonly Column[],
  index: Index,
  represent: readonly ((value: Value) => Value)[],
  condition: Kernel,
  failed: Map<number, number>,
): Map<number, number[]> {
  const found = new Map<number, number[]>();
  let outer: number[] = [];
  let inner: number[] = [];
  const flush = (): void => {
    if (outer.length === 0) return;
    const [outerRows, innerRows] = [Uint32Array.from(outer), Uint32Array.from(inner)];
    const { length } = outer;
    const columns = [
      ...index.columns.map((column) => gatherColumn(column, innerRows, length)),
      ...args.map((column) => gatherColumn(column, outerRows, length)),
    ];
    const rowtime = Float64Array.from(outer, (row) => batch.rowtime[row]);
    const { values, valid } = asCondition(condition({ length, rowtime, columns }));
    for (let p = 0; p < length; p++) {
      const state = valid ? valid[p] : 1;
      if (state > 1) failed.set(outer[p], state);
      if (state !== 1 || values[p] === 0) continue;
      const rows = found.get(outer[p]);
      if (rows) rows.push(inner[p]);
      else found.set(outer[p], [inner[p]]);
    }
    outer = [];
    inner = [];
  };
  for (let i = 0; i < batch.length; i++) {
    if (failedArgument(args, i) > 0) continue;
    const { rows } = index.find(represent.map((one, c) => one(valueAt(args[c], i))));
    for (const row of rows) {
      outer.push(i);
      inner.push(row);
      if (outer.length === pairsMax) flush();
    }
  }
  flush();
  return found;
}

/** So many pairs are looked at together. */
const pairsMax = 65_536;

function failedArgument(columns: readonly Column[], row: number): number {
  for (const { valid } of columns) if (valid && valid[row] > 1) return valid[row];
  return 0;
}

function withFailures(column: Column, failed: ReadonlyMap<number, number>, length: number): Column {
  if (failed.size === 0) return column;
  const valid = new ValidWriter(column.valid, length);
  for (const [row, state] of failed) valid.set(row, state);
  return { ...column, valid: valid.finish() };
}

/** The rows of the relation by key. */
class Index {
  readonly columns: readonly Column[];
  readonly #keys: number;
  readonly #items: number;
  readonly #represent: readonly ((value: Value) => Value)[];
  readonly #byKey = new Map<unknown, Matches>();
  readonly #none: Matches;

  constructor({ relation, keys, items }: SubqueryOptions) {
    this.columns = relation.rows.columns;
    this.#keys = keys;
    this.#items = items;
    this.#represent = relation.schema.map(({ type }) => representative(type));
    this.#none = this.only([]);
    for (let row = 0; row < relation.rows.length; row++) {
      const key = this.#values(row, 0, keys);
      // NULL equals nothing.
      if (key.includes(null)) continue;
      const hash = mapKey(key);
      const same = this.#byKey.get(hash);
      if (same) same.rows.push(row);
      else this.#byKey.set(hash, this.only([row]));
    }
  }

  find(key: readonly Value[]): Matches {
    return (key.includes(null) ? null : this.#byKey.get(mapKey(key))) ?? this.#none;
  }

  only(rows: number[]): Matches {
    return new Matches(rows, (row) => this.#values(row, this.#keys, this.#keys + this.#items));
  }

  item(row: number): Value {
    return valueAt(this.columns[this.#keys], row);
  }

  #values(row: number, from: number, to: number): Value[] {
    return this.columns.slice(from, to).map((column, c) => this.#represent[from + c](valueAt(column, row)));
  }
}

/** Rows of the relation, and which items are among them. */
class Matches {
  readonly rows: number[];
  readonly #itemsOf: (row: number) => Value[];
  /** Made when IN first asks. */
  #known: { readonly whole: ReadonlySet<unknown>; readonly withNull: readonly Value[][] } | null = null;

  constructor(rows: number[], itemsOf: (row: number) => Value[]) {
    this.rows = rows;
    this.#itemsOf = itemsOf;
  }

  // SQL:2008: TRUE if one is equal, else NULL if one may be, else FALSE. Of nothing it is FALSE, also for NULL.
  includes(operands: readonly Value[]): boolean | null {
    if (this.rows.length === 0) return false;
    this.#known ??= this.#read();
    const { whole, withNull } = this.#known;
    if (!operands.includes(null)) {
      if (whole.has(mapKey(operands))) return true;
      return withNull.some((items) => mayEqual(items, operands)) ? null : false;
    }
    if (operands.length === 1) return null;
    const mayBe = (row: number): boolean => mayEqual(this.#itemsOf(row), operands);
    return this.rows.some(mayBe) ? null : false;
  }

  #read(): { whole: Set<unknown>; withNull: Value[][] } {
    const all = this.rows.map(this.#itemsOf);
    return {
      whole: new Set(all.filter((items) => !items.includes(null)).map(mapKey)),
      withNull: all.filter((items) => items.includes(null)),
    };
  }
}

function mayEqual(a: readonly Value[], b: readonly Value[]): boolean {
  return a.every((value, i) => value === null || b[i] === null || value === b[i]);
}
