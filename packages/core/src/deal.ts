import { type Batch, gather } from './batch.ts';
import type { NumColumn } from './column.ts';

/** Rows of several partitions of a source, to the streams that take the partitions in turn. */
export interface Dealer {
  /** The batch with the partition of each row in a last column: the clock may leave rows out. */
  mark(batch: Batch): Batch;
  /** A marked batch taken apart, in the order of the streams. The rows of each stay in order. */
  dealt(marked: Batch): readonly (readonly [stream: string, batch: Batch])[];
}

/** `partition`: of all rows of a batch, or of each. */
export function dealer(streams: readonly string[], partition: number | Float64Array): Dealer {
  if (typeof partition === 'number' || streams.length === 1) {
    const stream = streams[typeof partition === 'number' ? partition % streams.length : 0]!;
    return { mark: (batch) => batch, dealt: (batch) => [[stream, batch]] };
  }
  const column: NumColumn = { kind: 'num', values: partition, valid: null };
  return {
    mark: (batch) => ({ ...batch, columns: [...batch.columns, column] }),
    dealt: (marked) => {
      const { values } = marked.columns.at(-1) as NumColumn;
      const batch = { ...marked, columns: marked.columns.slice(0, -1) };
      return streams.flatMap((stream, s) => {
        const rows = new Uint32Array(batch.length);
        let count = 0;
        for (let i = 0; i < rows.length; i++) if (values[i]! % streams.length === s) rows[count++] = i;
        if (count === 0) return [];
        return [[stream, count === batch.length ? batch : gather(batch, rows, count)]] as const;
      });
    },
  };
}
