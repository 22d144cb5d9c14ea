import { type Row, type Schema, toRows } from '@rowtime/core';
import { openFile } from './byte-input.ts';
import { createDecoder, type InputSchema } from './decoder.ts';
import { discoverInput } from './discover-input.ts';
import { SourceError } from './errors.ts';

/** A file with all its rows. */
export interface Table {
  readonly schema: Schema;
  readonly rows: readonly Row[];
}

/** AWS developer guide, "Limits": the size of a reference data object. */
const tableBytesMax = 2 ** 30;
const chunkBytes = 1 << 20;
const batchRows = 8192;

/**
 * The rows of a file, JSON or CSV, plain or gzip. Unlike a stream, a table has all its rows or is none: the first record
 * that is no row is thrown, with its line. Without a schema it is discovered, and a header is then not among the rows.
 */
export async function readTable(path: string, schema?: InputSchema): Promise<Table> {
  const bytes = await bytesOf(path);
  const { hasHeader, ...found } = schema ? { ...schema, hasHeader: false } : discoverInput(bytes);
  if (found.columns.length === 0) throw new SourceError(`${path} is empty: name its columns in a schema file`);
  const from = hasHeader ? firstRowEnd(bytes, found) : 0;
  const rows: Row[] = [];
  for (const { taken, rejected } of decoded(bytes, found, from, batchRows)) {
    if (rejected !== null) throw firstRejected(path, bytes, found, from);
    for (const row of taken) rows.push(row);
  }
  return { schema: found.columns.map(({ name, type }) => ({ name, type, nullable: true })), rows };
}

interface Records {
  readonly taken: readonly Row[];
  /** Why the first one that is no row is none. */
  readonly rejected: string | null;
  /** The first record begins here, or behind blanks here. */
  readonly from: number;
}

/** The records of a file from byte `from` on, some at a time. */
function* decoded(bytes: Buffer, schema: InputSchema, from: number, batchRows: number): Generator<Records> {
  const decoder = createDecoder(schema);
  decoder.begin(from);
  for (let at = from; at <= bytes.length; at += chunkBytes) {
    decoder.push(bytes.subarray(at, at + chunkBytes));
    if (at + chunkBytes > bytes.length) decoder.end();
    for (let more = true; more; ) {
      const from = decoder.offset;
      more = decoder.decode(0, batchRows);
      const { batch, rejected } = decoder.take();
      const taken = batch ? toRows(decoder.schema, batch).map(({ row }) => row) : [];
      if (taken.length > 0 || rejected.length > 0) yield { from, rejected: rejected[0]?.message ?? null, taken };
    }
  }
}

function firstRowEnd(bytes: Buffer, schema: InputSchema): number {
  const decoder = createDecoder(schema);
  decoder.begin();
  decoder.push(bytes.subarray(0, chunkBytes));
  decoder.end();
  decoder.decode(0, 1);
  return decoder.offset;
}

function firstRejected(path: string, bytes: Buffer, schema: InputSchema, start: number): SourceError {
  for (const { from, rejected } of decoded(bytes, schema, start, 1)) {
    if (rejected === null) continue;
    const why = rejected.replace(/; record at byte \d+$/, '');
    return new SourceError(`${path} line ${lineAt(bytes, from)}: ${why}`);
  }
  throw new Error('broken invariant: what was rejected among others is rejected alone');
}

function lineAt(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] <= 0x20) at++;
  let line = 1;
  for (let end = bytes.indexOf(0x0a); end >= 0 && end < at; end = bytes.indexOf(0x0a, end + 1)) line++;
  return line;
}

async function bytesOf(path: string): Promise<Buffer> {
  const input = await openFile(path, 0);
  const chunks: Buffer[] = [];
  try {
    for (let size = 0; ; ) {
      const room = Buffer.allocUnsafe(chunkBytes);
      const read = input.read(room);
      if (read < 0) return Buffer.concat(chunks);
      if (read === 0) await input.ready();
      chunks.push(room.subarray(0, read));
      size += read;
      if (size > tableBytesMax)
        throw new SourceError(`${path} is larger than 1 GiB, the most that reference data may have`);
    }
  } finally {
    input.close();
  }
}
