import {
  assert,
  type Batch,
  ColumnBuilder,
  compile,
  type Expr,
  Failures,
  gather,
  isText,
  type Kernel,
  type Millis,
  type Operator,
  type Output,
  type Schema,
  type SqlType,
  type Value,
  valueAt,
} from '@rowtime/core';
import { itemColumn, itemCounts, windowSeconds } from './item-counts.ts';
import { columnNamed, namedColumn } from './named-column.ts';
import { argumentsOf, wholeNumber } from './parameters.ts';
import type { TableFunction, TableFunctionOptions } from './table-function.ts';

const name = 'TOP_K_ITEMS_TUMBLING';

const parameters = [itemColumn, wholeNumber('K', 1, 100_000), windowSeconds];

export const topKItemsTumbling: TableFunction = {
  name,
  doc: "TOP_K_ITEMS_TUMBLING(CURSOR(query), 'columnName', K, windowSize in seconds): ITEM and ITEM_COUNT, the K most frequent values of the column in each tumbling window and how often they occur, the most frequent first.",
  bind(input, args, spanOf) {
    const [column = null] = argumentsOf(name, parameters, args, spanOf);
    const index = namedColumn(name, input, column, spanOf(0));
    return [
      { name: 'ITEM', type: itemType(input[index]?.type), nullable: true },
      { name: 'ITEM_COUNT', type: { kind: 'bigint' }, nullable: true },
    ];
  },
  create: (input, output, args, options) => new TopItems(input, output, args, options),
};

// "ITEM VARCHAR(1024)" (AWS developer guide, the template "Approximate Top-K items").
function itemType(type: SqlType | undefined): SqlType {
  return { kind: 'varchar', length: type && isText(type) && 'length' in type ? type.length : 1024 };
}

/** At most K rows per window, at its end. Counts are exact, where the service's were approximate; items that occur
 *  equally often are in the order in which they first came; NULL is no item. All items of a window are held, as
 *  GROUP BY holds them. */
class TopItems implements Operator {
  readonly schema: Schema;
  readonly #counts: Operator;
  readonly #k: number;
  readonly #toText: Kernel;

  constructor(input: Schema, output: Schema, [column, k, seconds]: readonly Value[], { errors }: TableFunctionOptions) {
    const index = columnNamed(input, column ?? null);
    const [type, text] = [input[index]?.type, output[0]?.type];
    assert(type && text, 'the column of the items was bound');
    this.schema = output;
    this.#counts = itemCounts(input, index, seconds ?? null, errors);
    this.#k = Number(k);
    const item: Expr = { kind: 'column', index: 0, type };
    this.#toText = compile({ kind: 'cast', arg: item, type: text }, new Failures());
  }

  push(batch: Batch, out: Output): void {
    this.#counts.push(batch, (items) => this.#emit(items, out), 0);
  }

  advance(watermark: Millis, out: Output): Millis {
    return this.#counts.advance(watermark, (items) => this.#emit(items, out));
  }

  remembers(): string | null {
    return this.#counts.remembers?.() ?? null;
  }

  snapshot(): unknown {
    return this.#counts.snapshot();
  }

  restore(state: unknown): void {
    this.#counts.restore(state);
  }

  #emit(items: Batch, out: Output): void {
    const counts = items.columns[2];
    assert(counts?.kind === 'num', 'counts are numbers');
    const rows = mostFrequent(counts.values, items.columns[0]?.valid ?? null, this.#k);
    if (rows.length === 0) return;
    const top = gather(items, rows, rows.length);
    const texts = this.#toText(top);
    // Built anew: the dictionary of the window holds every item, not only the K.
    const builder = new ColumnBuilder('text', top.length);
    for (let i = 0; i < top.length; i++) builder.push(valueAt(texts, i));
    const count = top.columns[2];
    assert(count, 'a count beside each item');
    out({ length: top.length, rowtime: top.rowtime, columns: [builder.finish(), count] });
  }
}

/** The rows of the k largest counts, largest first, equal ones in row order; without those that are NULL. */
function mostFrequent(counts: Float64Array, valid: Uint8Array | null, k: number): Uint32Array {
  const least = kthLargest(counts, k);
  const rows: number[] = [];
  for (let row = 0; row < counts.length; row++) {
    if (counts[row]! >= least && (valid === null || valid[row] === 1)) rows.push(row);
  }
  rows.sort((a, b) => counts[b]! - counts[a]! || a - b);
  return Uint32Array.from(rows.slice(0, k));
}

/** Counts below it cannot be among the k largest: few are left to be sorted by a comparison. One more than k, for NULL. */
function kthLargest(counts: Float64Array, k: number): number {
  return k < counts.length - 1 ? counts.slice().sort()[counts.length - 1 - k]! : 0;
}
