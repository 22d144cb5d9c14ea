import type { Batch, Millis, Operator, Output, Schema, Value } from '@rowtime/core';
import { itemColumn, itemCounts, windowSeconds } from './item-counts.ts';
import { columnNamed, namedColumn } from './named-column.ts';
import { argumentsOf } from './parameters.ts';
import type { TableFunction, TableFunctionOptions } from './table-function.ts';

const name = 'COUNT_DISTINCT_ITEMS_TUMBLING';

export const countDistinctItemsTumbling: TableFunction = {
  name,
  doc: "COUNT_DISTINCT_ITEMS_TUMBLING(CURSOR(query), 'columnName', windowSize in seconds): NUMBER_OF_DISTINCT_ITEMS, how many different values the column has in each tumbling window.",
  bind(input, args, spanOf) {
    const [column = null] = argumentsOf(name, [itemColumn, windowSeconds], args, spanOf);
    namedColumn(name, input, column, spanOf(0));
    return [{ name: 'NUMBER_OF_DISTINCT_ITEMS', type: { kind: 'bigint' }, nullable: true }];
  },
  create: (input, output, args, options) => new DistinctItems(input, output, args, options),
};

/** One row per window that has rows, at its end. The count is exact, where the service's was approximate beyond 10,000
 *  items, and does not count NULL; the items of a window are held, as GROUP BY holds them. */
class DistinctItems implements Operator {
  readonly schema: Schema;
  readonly #counts: Operator;

  constructor(input: Schema, output: Schema, [column, seconds]: readonly Value[], { errors }: TableFunctionOptions) {
    this.schema = output;
    this.#counts = itemCounts(input, columnNamed(input, column ?? null), seconds ?? null, errors);
  }

  push(batch: Batch, out: Output): void {
    this.#counts.push(batch, (items) => out(distinct(items)), 0);
  }

  advance(watermark: Millis, out: Output): Millis {
    return this.#counts.advance(watermark, (items) => out(distinct(items)));
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
}

function distinct({ length, rowtime, columns }: Batch): Batch {
  const nulls = columns[0]?.valid?.includes(0) ? 1 : 0;
  const values = Float64Array.of(length - nulls);
  return { length: 1, rowtime: rowtime.slice(0, 1), columns: [{ kind: 'num', values, valid: null }] };
}
