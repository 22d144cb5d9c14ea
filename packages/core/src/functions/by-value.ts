import type { Column, ExactColumn, TextColumn, Value } from '../column.ts';
import type { BoundFunction, Expr, Failures, Kernel } from '../expr.ts';
import { interner } from '../kernels/text.ts';
import { both, ValidWriter } from '../kernels/valid.ts';
import { type ColumnKind, columnKind, isNumeric, type SqlType } from '../schema.ts';
import { asNumbers } from './arithmetic.ts';
import { asText } from './text.ts';

/** Why one row has no value: its name and message go to error_stream. */
export class Fail {
  readonly name: string;
  readonly message: string;

  constructor(name: string, message: string) {
    this.name = name;
    this.message = message;
  }
}

/** What a function gives for one row; null is NULL. */
export type Outcome = Value | Fail;

/** A function of the values of one row. It never sees NULL: a NULL argument gives NULL. The array is used again. */
export type ByValue = (values: readonly Exclude<Value, null>[]) => Outcome;

/** Makes kernels of a function of values. Where one text varies and the rest is constant, it is called once for each
 *  distinct text; else once for each row. For functions that are too rich for a loop of their own. */
export function byValue(type: SqlType, args: readonly Expr[], f: ByValue): BoundFunction {
  return {
    type,
    kernel: (kernels, failures) => {
      const texts = args.flatMap((arg, i) => (arg.kind !== 'literal' && columnKind(arg.type) === 'text' ? i : []));
      const varying = args.filter(({ kind }) => kind !== 'literal').length;
      const [only] = texts;
      // A constant that no double holds is for ofRows to fail.
      const isTaken = args.every(
        (arg) => arg.kind !== 'literal' || typeof arg.value !== 'string' || !isNumeric(arg.type),
      );
      return varying === 1 && only !== undefined && isTaken
        ? ofDistinct(type, kernels, args, only, f, failures)
        : ofRows(type, kernels, args, f, failures);
    },
  };
}

function ofDistinct(
  type: SqlType,
  kernels: readonly Kernel[],
  args: readonly Expr[],
  varying: number,
  f: ByValue,
  failures: Failures,
): Kernel {
  const values = args.map((arg) => (arg.kind === 'literal' ? arg.value : ''));
  const isNull = values.includes(null);
  return (batch) => {
    const column = asText(kernels[varying](batch));
    const out = new Results(columnKind(type), column.dict.length, failures);
    // A NULL among the constants: there is nothing to call f with.
    if (!isNull) {
      for (let code = 0; code < column.dict.length; code++) {
        values[varying] = column.dict[code];
        out.set(code, f(values as Exclude<Value, null>[]));
      }
    }
    return spread(out.finish(isNull ? new Uint8Array(column.dict.length) : null), column);
  };
}

/** Row i gets what its text got. */
function spread(results: Exclude<Column, ExactColumn>, { codes, valid }: TextColumn): Column {
  const writer = new ValidWriter(valid, codes.length);
  if (results.valid) {
    for (let i = 0; i < codes.length; i++) {
      const state = results.valid[codes[i]];
      if (state !== 1 && writer.isValid(i)) writer.set(i, state);
    }
  }
  const out = writer.finish();
  switch (results.kind) {
    case 'num': {
      const values = new Float64Array(codes.length);
      for (let i = 0; i < values.length; i++) values[i] = results.values[codes[i]];
      return { kind: 'num', values, valid: out };
    }
    case 'bool': {
      const values = new Uint8Array(codes.length);
      for (let i = 0; i < values.length; i++) values[i] = results.values[codes[i]];
      return { kind: 'bool', values, valid: out };
    }
    case 'text': {
      const moved = new Int32Array(codes.length);
      for (let i = 0; i < moved.length; i++) moved[i] = results.codes[codes[i]];
      return { kind: 'text', codes: moved, dict: results.dict, valid: out };
    }
  }
}

function ofRows(
  type: SqlType,
  kernels: readonly Kernel[],
  args: readonly Expr[],
  f: ByValue,
  failures: Failures,
): Kernel {
  return (batch) => {
    const columns = kernels.map((kernel, i) => {
      const column = kernel(batch);
      if (columnKind(args[i].type) === 'text') return asText(column);
      return column.kind === 'exact' ? asNumbers(column) : column;
    });
    const valid = columns.reduce<Column['valid']>((all, column) => both(all, column.valid), null);
    const out = new Results(columnKind(type), batch.length, failures);
    const values: Exclude<Value, null>[] = columns.map(() => 0);
    for (let i = 0; i < batch.length; i++) {
      if (valid && valid[i] !== 1) continue;
      for (let c = 0; c < columns.length; c++) values[c] = plainValue(columns[c], i);
      out.set(i, f(values));
    }
    return out.finish(valid);
  };
}

function plainValue(column: Exclude<Column, ExactColumn>, row: number): Exclude<Value, null> {
  if (column.kind === 'text') return column.dict[column.codes[row]];
  return column.kind === 'bool' ? column.values[row] === 1 : column.values[row];
}

/** A column under construction, set row by row in any order. */
class Results {
  readonly #kind: ColumnKind;
  readonly #numbers: Float64Array;
  readonly #failures: Failures;
  readonly #texts = interner();
  #states: Uint8Array | null = null;

  constructor(kind: ColumnKind, length: number, failures: Failures) {
    this.#kind = kind;
    this.#numbers = new Float64Array(length);
    this.#failures = failures;
  }

  set(row: number, outcome: Outcome): void {
    if (outcome === null || outcome instanceof Fail) {
      this.#states ??= new Uint8Array(this.#numbers.length).fill(1);
      this.#states[row] = outcome === null ? 0 : this.#failures.number(outcome.name, outcome.message);
    } else {
      this.#numbers[row] = typeof outcome === 'string' ? this.#texts.add(outcome) : Number(outcome);
    }
  }

  /** `valid`: the validity of the rows before; those that were set may have lost theirs. */
  finish(valid: Column['valid']): Exclude<Column, ExactColumn> {
    const states = both(valid, this.#states);
    switch (this.#kind) {
      case 'num':
        return { kind: 'num', values: this.#numbers, valid: states };
      case 'bool':
        return { kind: 'bool', values: Uint8Array.from(this.#numbers), valid: states };
      case 'text': {
        const { dict } = this.#texts;
        if (dict.length === 0) dict.push('');
        return { kind: 'text', codes: Int32Array.from(this.#numbers), dict, valid: states };
      }
    }
  }
}
