import type { Batch } from '../batch.ts';
import { ColumnBuilder, valueAt } from '../column.ts';
import { compile, type Expr, Failures, type FunctionLookup } from '../expr.ts';
import { asCondition } from '../functions/logic.ts';
import type { Operator } from '../operator.ts';
import { mapKey, type Relation, representative } from '../relation.ts';
import type { RowErrors } from '../row-errors.ts';
import { columnKind, type Schema } from '../schema.ts';

/** JOIN of a stream with a reference table: each row meets the rows of the table as they are when it comes. */
export interface LookupOptions {
  readonly input: Schema;
  readonly table: Relation;
  readonly streamKeys: readonly number[];
  readonly tableKeys: readonly number[];
  /** Rows of the stream that meet none come out with NULLs. */
  readonly isOuter: boolean;
  /** The table stands left of the stream: its columns come first. */
  readonly isTableFirst: boolean;
  /** As of Join: columns of one, its ROWTIME, columns of the other, its ROWTIME. A table's ROWTIME is NULL. */
  readonly schema: Schema;
  readonly residual: Expr | null;
  readonly errors: RowErrors;
  readonly functions?: FunctionLookup | undefined;
}

export function lookup(options: LookupOptions): Operator {
  const { input, table, streamKeys, tableKeys, isOuter, isTableFirst, schema, residual, errors, functions } = options;
  const { rows: loaded } = table;
  const entries = Array.from({ length: loaded.length }, (_, i) => loaded.columns.map((column) => valueAt(column, i)));
  const byKey = new Map<unknown, number[]>();
  const representatives = {
    stream: streamKeys.map((index) => representative(input[index].type)),
    table: tableKeys.map((index) => representative(table.schema[index].type)),
  };
  entries.forEach((values, i) => {
    const key = tableKeys.map((index, k) => representatives.table[k](values[index]));
    if (key.includes(null)) return;
    const same = byKey.get(mapKey(key));
    if (same) same.push(i);
    else byKey.set(mapKey(key), [i]);
  });
  const failures = new Failures();
  const kernel = residual && compile(residual, failures, functions);
  return {
    schema,
    push(batch, out) {
      // Candidate pairs first, all of the batch; then the rest of the condition, once over all of them.
      const rows: number[] = [];
      const met: number[] = [];
      for (let i = 0; i < batch.length; i++) {
        const key = streamKeys.map((index, k) => representatives.stream[k](valueAt(batch.columns[index], i)));
        for (const entry of key.includes(null) ? [] : (byKey.get(mapKey(key)) ?? [])) {
          rows.push(i);
          met.push(entry);
        }
      }
      const pairs = joined(batch, rows, met);
      const isPair = new Uint8Array(rows.length).fill(1);
      if (kernel && rows.length > 0) {
        const { values, valid } = asCondition(kernel(pairs));
        for (let p = 0; p < isPair.length; p++) {
          const state = valid ? valid[p] : 1;
          if (state > 1) errors.report(failures.get(state), schema, pairs, p);
          isPair[p] = state === 1 ? values[p] : 0;
        }
      }
      const outRows: number[] = [];
      const outMet: number[] = [];
      for (let i = 0, p = 0; i < batch.length; i++) {
        let isMatched = false;
        for (; p < rows.length && rows[p] === i; p++) {
          if (isPair[p] === 0) continue;
          isMatched = true;
          outRows.push(i);
          outMet.push(met[p]);
        }
        if (isOuter && !isMatched) {
          outRows.push(i);
          outMet.push(-1);
        }
      }
      if (outRows.length > 0) out(joined(batch, outRows, outMet));
    },
    advance: (watermark) => watermark,
    snapshot: () => null,
    restore() {},
  };

  function joined(batch: Batch, rows: readonly number[], met: readonly number[]): Batch {
    const builders = schema.map(({ type }) => new ColumnBuilder(columnKind(type), Math.max(rows.length, 1)));
    rows.forEach((row, p) => {
      const stream = [...batch.columns.map((column) => valueAt(column, row)), batch.rowtime[row]];
      const entry = met[p] < 0 ? table.schema.map(() => null) : entries[met[p]];
      const values = isTableFirst ? [...entry, null, ...stream] : [...stream, ...entry, null];
      builders.forEach((builder, c) => {
        builder.push(values[c]);
      });
    });
    const rowtime = Float64Array.from(rows, (row) => batch.rowtime[row]);
    return { length: rows.length, rowtime, columns: builders.map((builder) => builder.finish()) };
  }
}
