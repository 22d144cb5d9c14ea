import type { Batch, Column, SqlType } from '@rowtime/core';
import type { RowBatch, Value } from '@rowtime/mirror';
import type { RecordsOptions } from './place.ts';
import type { Recording } from './recording.ts';

export interface ReadOptions extends Omit<RecordsOptions, 'inputSchema'> {
  /** The columns of a row, in this order. What the recording does not have is NULL. */
  readonly columns: readonly AlignedColumn[];
  /** Records that are no row. */
  readonly onRejected: (message: string, count: number) => void;
}

export interface AlignedColumn {
  readonly name: string;
  /** Where it is in JSON records of this side. */
  readonly mapping: string;
  /** Which one it is of CSV rows of this side; -1: none. */
  readonly index: number;
}

/** The rows of a recording, in the order in which they were delivered; some thousand of them are in memory at a time. */
export interface RowReader {
  open(): Promise<void>;
  /** Rows, perhaps none; null: there are no more. */
  next(signal: AbortSignal): Promise<RowBatch | null>;
  close(): Promise<void>;
}

/** Everything is read as text, so that no digit of a number is lost to a type that the first records suggested. */
const text: SqlType = { kind: 'varchar', length: null };

export async function readRows(recording: Recording, options: ReadOptions): Promise<RowReader> {
  const { place, csv } = recording;
  const { columns, onRejected, onObject, now, follow, listEveryMs } = options;
  const columnsRead = csv ? recording.columns : columns;
  const source = await place.source({
    inputSchema: {
      columns: columnsRead.map(({ name, mapping }) => ({ name, type: text, mapping })),
      ...(csv && { csv: csv.format }),
    },
    now,
    follow,
    ...(onObject && { onObject }),
    ...(listEveryMs !== undefined && { listEveryMs }),
  });
  const header = csv?.hasHeader ? recording.columns.map(({ name }) => name) : null;
  const indexes = columns.map(({ index }, c) => (csv ? index : c));
  let isOver = false;
  return {
    open: () => source.open(null),
    async next(signal) {
      if (isOver) return null;
      const { batch, rejected, end } = await source.poll(signal);
      isOver = end;
      if (rejected.length > 0) onRejected(rejected[0]!.message, rejected.length);
      return { rows: batch ? rowsOf(batch, indexes, header) : [] };
    },
    close: () => source.close(),
  };
}

/** Rows of a batch that was read as text. */
export function rowsOf(
  { columns, length }: Batch,
  indexes: readonly number[],
  header: readonly string[] | null,
): Value[][] {
  const values = indexes.map((index) => (index < 0 ? () => null : valuesOf(columns[index]!)));
  const rows: Value[][] = [];
  const isHeader = header && headerTest(columns, header);
  for (let r = 0; r < length; r++) {
    if (isHeader?.(r)) continue;
    const row: Value[] = [];
    for (const value of values) row.push(value(r));
    rows.push(row);
  }
  return rows;
}

/** Each distinct text is looked at once a batch. */
function valuesOf(column: Column): (row: number) => Value {
  if (column.kind !== 'text') throw new Error('broken invariant: a recording is read as text');
  const { codes, valid } = column;
  const values = column.dict.map(recordedValue);
  return (row) => (valid && valid[row] !== 1 ? null : values[codes[row]!]!);
}

/** Each object may begin with the names of the columns. */
function headerTest(columns: readonly Column[], header: readonly string[]): (row: number) => boolean {
  const codes = columns.map((column, c) => (column.kind === 'text' ? column.dict.indexOf(header[c]!) : -1));
  if (codes.includes(-1)) return () => false;
  return (row) => columns.every((column, c) => column.kind === 'text' && column.codes[row] === codes[c]);
}

/** A number where a double is the number that was written, however it was; else the text, which keeps its digits. */
export function recordedValue(text: string): Value {
  if (!numberText.test(text)) return text;
  const number = Number(text) + 0; // -0 is 0
  const digits = digitsOf(text);
  if (!Number.isFinite(number) || (number === 0 && digits > 0)) return text;
  return digits <= 15 || String(number) === text ? number : text;
}

const numberText = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Up to 15 digits come back from a double as they were. */
function digitsOf(text: string): number {
  return text.replace(/[eE].*$/, '').replace(/^-?0*\.?0*|\./g, '').length;
}
