import {
  ascending,
  type Batch,
  type Column,
  gather,
  HeldRows,
  type Millis,
  type Operator,
  type Output,
  rowsHeld,
  type Schema,
  type Value,
} from '@rowtime/core';
import { SqlError } from '../errors.ts';
import { columnNamed, namedColumn } from './named-column.ts';
import { argumentsOf, columnName, oneOf, wholeNumber } from './parameters.ts';
import type { TableFunction } from './table-function.ts';

const name = 'GROUP_RANK';

const parameters = [
  columnName('rankByColumnName'),
  columnName('rankOutColumnName'),
  oneOf('sortOrder', ['asc', 'desc']),
  // "either in the order received or in ascending or descending order"; the page has no word for the first.
  oneOf('outputOrder', ['asc', 'desc', 'none']),
  wholeNumber('maxIdle', 0, 2_147_483_647),
  wholeNumber('outputMax', 0, 2_147_483_647),
];

export const groupRank: TableFunction = {
  name,
  doc: "GROUP_RANK(CURSOR(query), 'rankByColumnName', 'rankOutColumnName', sortOrder 'asc' or 'desc', outputOrder 'asc' or 'desc', maxIdle in milliseconds, outputMax): the columns of the query and the rank of each row among the rows of the same ROWTIME; at most outputMax rows of each group, 0 for all.",
  bind(input, args, spanOf) {
    const [rankBy = null, rankOut = null] = argumentsOf(name, parameters, args, spanOf);
    const { type } = input[namedColumn(name, input, rankBy, spanOf(0))]!;
    if (type.kind === 'boolean') {
      throw new SqlError('SQL_TYPE', `GROUP_RANK cannot rank by ${rankBy}, a BOOLEAN`, spanOf(0));
    }
    if (input.some((field) => field.name === rankOut)) {
      const hint = 'the rank is a further column; give it a name of its own';
      throw new SqlError('SQL_DUPLICATE_NAME', `the query has a column ${rankOut} already`, spanOf(1), hint);
    }
    return [...input, { name: String(rankOut), type: { kind: 'integer' }, nullable: true }];
  },
  create: (input, output, args) => new GroupRank(input, output, args),
};

/** Holds the rows of one ROWTIME until a later row or the watermark says that they are all, then emits them with their
 *  rank: 1 and the number of rows before it in sortOrder, so that equal rows share a rank and leave a gap after it.
 *  Rows of one rank stay in order of arrival; NULL sorts as the largest value, as in ORDER BY.
 *
 *  maxIdle is checked and not needed: an idle input passes its watermark on. Memory: the rows of one ROWTIME, at most
 *  20 million, then a LimitError. */
class GroupRank implements Operator {
  readonly schema: Schema;
  readonly #rankBy: number;
  readonly #descending: boolean;
  readonly #outputOrder: string;
  readonly #outputMax: number;
  #time: Millis = Number.NEGATIVE_INFINITY;
  readonly #held = new HeldRows(name);

  constructor(input: Schema, output: Schema, args: readonly Value[]) {
    const [rankBy = null, , sortOrder, outputOrder, , outputMax] = args;
    this.schema = output;
    this.#rankBy = columnNamed(input, rankBy);
    this.#descending = String(sortOrder).toLowerCase() === 'desc';
    this.#outputOrder = String(outputOrder).toLowerCase();
    this.#outputMax = Number(outputMax) || Number.POSITIVE_INFINITY;
  }

  push(batch: Batch, out: Output): void {
    const { rowtime, length } = batch;
    const last = rowtime[length - 1]!;
    let complete = 0;
    if (last !== this.#time) {
      complete = length;
      while (complete > 0 && rowtime[complete - 1] === last) complete--;
      this.#held.add(batch, 0, complete);
      this.#release(out);
      this.#time = last;
    }
    this.#held.add(batch, complete, length);
  }

  advance(watermark: Millis, out: Output): Millis {
    if (watermark > this.#time) this.#release(out);
    return this.#held.length > 0 ? this.#time : watermark;
  }

  remembers(): string | null {
    return rowsHeld(this.#held.length);
  }

  snapshot(): unknown {
    return { time: this.#time, held: this.#held.snapshot() };
  }

  restore(state: unknown): void {
    const { time, held } = state as { time: Millis; held: unknown };
    this.#time = time;
    this.#held.restore(held);
  }

  #release(out: Output): void {
    const rows = this.#held.take();
    if (!rows) return;
    const keys = sortKeys(rows.columns[this.#rankBy]!, this.#descending);
    const { rowtime } = rows;
    const sorted = Uint32Array.from(keys.keys()).sort(
      (a, b) => rowtime[a]! - rowtime[b]! || keys[a]! - keys[b]! || a - b,
    );
    const ranks = ranksOf(sorted, rowtime, keys);
    const order = firstOfEach(this.#order(sorted, rowtime, ranks), rowtime, this.#outputMax);
    const ranked = { ...rows, columns: [...rows.columns, { kind: 'num', values: ranks, valid: null } as const] };
    out(gather(ranked, order, order.length));
  }

  #order(sorted: Uint32Array, rowtime: Float64Array, ranks: Float64Array): Uint32Array {
    switch (this.#outputOrder) {
      case 'asc':
        return sorted;
      case 'desc':
        return sorted.sort((a, b) => rowtime[a]! - rowtime[b]! || ranks[b]! - ranks[a]! || a - b);
      default:
        return sorted.sort();
    }
  }
}

/** The rank of each row, by row. */
function ranksOf(sorted: Uint32Array, rowtime: Float64Array, keys: Float64Array): Float64Array {
  const ranks = new Float64Array(sorted.length);
  let first = 0;
  for (let place = 0; place < sorted.length; place++) {
    const row = sorted[place]!;
    const before = sorted[place - 1] ?? row;
    if (rowtime[before] !== rowtime[row]) first = place;
    const isEqual = place > first && keys[before] === keys[row];
    ranks[row] = isEqual ? ranks[before]! : place - first + 1;
  }
  return ranks;
}

/** The first `max` rows of each ROWTIME. */
function firstOfEach(order: Uint32Array, rowtime: Float64Array, max: number): Uint32Array {
  let first = 0;
  return order.filter((row, place) => {
    if (rowtime[order[first]!] !== rowtime[row]) first = place;
    return place - first < max;
  });
}

/** Numbers that ascend in the order of the column, or descend. */
function sortKeys(column: Column, descending: boolean): Float64Array {
  const keys = ascending(column);
  const { valid } = column;
  if (valid) for (let i = 0; i < keys.length; i++) if (valid[i] !== 1) keys[i] = Number.MAX_VALUE;
  if (descending) for (let i = 0; i < keys.length; i++) keys[i] = -keys[i]!;
  return keys;
}
