import type { Batch } from '@rowtime/core';
import { grown, put, utf8 } from './bytes.ts';
import type { Cell, RowtimeCell } from './cells.ts';

/** Rows as bytes. Both arrays are the encoder's own: valid until it encodes the next batch. */
export interface EncodedRows {
  readonly bytes: Uint8Array;
  /** Row i is bytes[ends[i - 1], ends[i]). */
  readonly ends: Uint32Array;
}

export interface RowEncoder {
  encode(batch: Batch): EncodedRows;
}

export interface RowParts {
  readonly head: string;
  readonly rowtime: RowtimeCell | null;
  /** One for each column. */
  readonly cells: readonly Cell[];
  readonly tail: string;
}

export function rowEncoder({ cells, rowtime, ...parts }: RowParts): RowEncoder {
  const head = utf8(parts.head);
  const tail = utf8(parts.tail);
  let out = new Uint8Array(1 << 16);
  let ends = new Uint32Array(1024);

  return {
    encode(batch) {
      const { length } = batch;
      if (ends.length < length) ends = new Uint32Array(length * 2);
      let rowBytesMax = head.length + tail.length + (rowtime ? rowtime.bytesMax : 0);
      for (let c = 0; c < cells.length; c++) {
        cells[c]!.begin(batch.columns[c]!, length);
        rowBytesMax += cells[c]!.bytesMax;
      }
      let at = 0;
      for (let row = 0; row < length; row++) {
        if (at + rowBytesMax > out.length) out = grown(out, at, rowBytesMax);
        at = put(out, at, head);
        if (rowtime) at = rowtime.write(out, at, batch.rowtime[row]!);
        for (let c = 0; c < cells.length; c++) at = cells[c]!.write(out, at, row);
        at = put(out, at, tail);
        ends[row] = at;
      }
      return { bytes: out.subarray(0, at), ends: ends.subarray(0, length) };
    },
  };
}
