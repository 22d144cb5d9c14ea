import { gunzipSync, gzipSync } from 'node:zlib';
import { assert } from '@rowtime/core';
import type { CompressionCodec, FileMetaData } from 'hyparquet';
import type { ByteWriter } from 'hyparquet-writer';
import type { Packing } from '../packing.ts';
import type { ParquetColumn } from './columns.ts';
import { readRows, type StoredValue, spoolRow } from './spool-rows.ts';

/** A row group has this much of the spool, and the row that reaches it: what is in memory at once, whatever the object's
 *  size. */
const rowGroupBytesDefault = 8 << 20;

/** Rows of the spool as a Parquet file: row groups and pages follow from the rows alone. The library is loaded with the first
 *  object. */
export function parquetPacking(
  columns: readonly ParquetColumn[],
  codec: CompressionCodec,
  rowGroupBytes = rowGroupBytesDefault,
): Packing {
  return {
    extension: '.parquet',
    content: 'Parquet rows',
    async *pack(content) {
      const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
      const writer = new ByteWriter();
      const root = { name: 'root', num_children: columns.length };
      const schema = [root, ...columns.map(({ element }) => element)];
      const file = new ParquetWriter({ writer, schema, codec, compressors: { GZIP: gzip }, createdBy: 'rowtime' });
      for await (const values of rowGroups(content, columns, rowGroupBytes)) {
        const columnData = columns.map(({ name }, c) => ({ name, data: values[c]! }));
        await file.write({ columnData, rowGroupSize: values[0]!.length });
        yield written(writer);
      }
      await file.finish();
      yield written(writer);
    },
    async *unpack(bytes) {
      const { parquetMetadata, parquetRead } = await import('hyparquet');
      const file = await allOf(bytes);
      const metadata = asStored(parquetMetadata(file));
      let rowStart = 0;
      for (const { num_rows } of metadata.row_groups) {
        const rowEnd = rowStart + Number(num_rows);
        const rows: StoredValue[][] = [];
        const onComplete = (found: unknown[][]): void => {
          for (const row of found) rows.push(row as StoredValue[]);
        };
        await parquetRead({ file, metadata, rowStart, rowEnd, utf8: false, compressors: { GZIP: gunzip }, onComplete });
        for (const row of rows) yield spoolRow(columns, row);
        rowStart = rowEnd;
      }
    },
  };
}

const gzip = (bytes: Uint8Array): Uint8Array => gzipSync(bytes);
const gunzip = (bytes: Uint8Array): Uint8Array => gunzipSync(bytes);

/** The columns of one row group after the other. */
async function* rowGroups(
  content: AsyncIterable<Uint8Array>,
  columns: readonly ParquetColumn[],
  rowGroupBytes: number,
): AsyncGenerator<StoredValue[][]> {
  let values: StoredValue[][] = columns.map(() => []);
  let taken = 0;
  let rest = Buffer.alloc(0);
  for await (const bytes of content) {
    rest = Buffer.concat([rest, bytes]);
    for (;;) {
      const read = readRows(rest, columns, values, rowGroupBytes - taken);
      rest = rest.subarray(read);
      taken += read;
      if (taken < rowGroupBytes) break;
      yield values;
      values = columns.map(() => []);
      taken = 0;
    }
  }
  assert(rest.length === 0, 'an object holds whole rows');
  if (taken > 0) yield values;
}

/** What was written since the last call; `offset` goes on counting. */
function written(writer: ByteWriter): Uint8Array {
  const bytes = writer.getBytes().slice();
  writer.index = 0;
  return bytes;
}

/** All of a file: its directory is at its end. */
async function allOf(bytes: AsyncIterable<Uint8Array>): Promise<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of bytes) {
    // Copied: a piece may be valid until the next.
    pieces.push(Uint8Array.from(piece));
    size += piece.length;
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all.buffer;
}

/** Without what says what values mean: a reader would make floats of DECIMAL, and drop the byte order mark of a text. */
function asStored(metadata: FileMetaData): FileMetaData {
  const schema = metadata.schema.map(({ converted_type: _, logical_type: __, ...element }) => element);
  return { ...metadata, schema };
}
