import { isUtf8 } from 'node:buffer';
import type { SqlType } from '@rowtime/core';
import { type CsvFormat, createCsvDecoder } from './decode/csv.ts';
import type { InputColumn } from './decode/json.ts';
import { columnsMax, Member, Names, sampleBytesMax, sampleRecordsMax } from './discover.ts';

/** The columns of some CSV rows. */
export interface CsvSchema {
  readonly columns: readonly InputColumn[];
  readonly csv: Required<CsvFormat>;
  /** The first row looks like the names of the columns. To a decoder it is a row like any other, as to the service. */
  readonly hasHeader: boolean;
}

/**
 * The delimiters, names and types of CSV rows, by the rules for JSON. Names are those of a header, or COL_0, COL_1 and so
 * on. null: there is nothing like two columns in most of the rows.
 */
export function discoverCsv(sample: Uint8Array): CsvSchema | null {
  if (!isUtf8(withoutHalfCharacter(sample.subarray(0, sampleBytesMax)))) return null;
  const rowDelimiter = rowDelimiterOf(sample);
  let best: { rows: Cell[][]; columnDelimiter: string; width: number; share: number } | null = null;
  for (const columnDelimiter of ['\t', '|', ';', ',']) {
    const rows = cellsOf(sample, { rowDelimiter, columnDelimiter });
    const { width, share } = usualWidth(rows);
    // Of equal shares the one with more columns, and then the one that is seldom part of a text.
    const isBetter = !best || share > best.share || (share === best.share && width > best.width);
    if (width > 1 && share > 0.5 && isBetter) best = { rows, columnDelimiter, width, share };
  }
  if (!best) return null;
  const { rows, columnDelimiter } = best;
  const width = Math.min(
    rows.reduce((most, row) => Math.max(most, row.length), 0),
    columnsMax,
  );
  // Each of several files may begin with it.
  const [first] = rows;
  const others = rows.filter((row) => row.join('\0') !== first.join('\0'));
  const hasHeader = isHeader(first, others, width);
  const names = new Names();
  const columns = Array.from({ length: width }, (_, c): InputColumn => {
    const member = new Member();
    for (const row of hasHeader ? others : rows) member.addText(row[c] ?? '');
    return { name: names.of(hasHeader ? (first[c] ?? '') : ''), type: member.type(), mapping: '' };
  });
  return { columns, csv: { rowDelimiter, columnDelimiter }, hasHeader };
}

/** null: empty. */
type Cell = string | null;

const text: SqlType = { kind: 'varchar', length: null };

function cellsOf(sample: Uint8Array, format: Required<CsvFormat>): Cell[][] {
  const columns = Array.from({ length: widthMax(sample, format) }, (_, c) => ({ name: String(c), type: text }));
  const decoder = createCsvDecoder({ columns, ...format });
  decoder.begin();
  decoder.push(sample.subarray(0, sampleBytesMax));
  if (sample.length <= sampleBytesMax) decoder.end();
  const rows: Cell[][] = [];
  for (let more = true; more && rows.length < sampleRecordsMax; ) {
    more = decoder.decode(0, 1000);
    const { batch } = decoder.take();
    for (let r = 0; batch && r < batch.length; r++) {
      const row = batch.columns.map((column) =>
        column.kind === 'text' && column.valid?.[r] !== 0 ? column.dict[column.codes[r]] : null,
      );
      while (row.at(-1) === null) row.pop();
      if (row.length > 0) rows.push(row);
    }
  }
  return rows;
}

/** At least as many columns as one of the first rows has. */
function widthMax(sample: Uint8Array, { rowDelimiter, columnDelimiter }: Required<CsvFormat>): number {
  const rows = Buffer.from(sample.subarray(0, 64 * 1024))
    .toString('utf8')
    .split(rowDelimiter);
  return Math.min(Math.max(...rows.slice(0, 100).map((row) => row.split(columnDelimiter).length)), columnsMax);
}

/** How many columns most rows have, and which share of them. */
function usualWidth(rows: readonly Cell[][]): { readonly width: number; readonly share: number } {
  const counts = new Map<number, number>();
  for (const { length } of rows) counts.set(length, (counts.get(length) ?? 0) + 1);
  const [width, count] = [...counts].reduce((most, entry) => (entry[1] > most[1] ? entry : most), [0, 0]);
  return { width, share: count / rows.length };
}

/** Names: words in every column, each of them once and none of them again below. One row alone is data. */
function isHeader(first: readonly Cell[], others: readonly Cell[][], width: number): boolean {
  if (others.length === 0 || first.length !== width || new Set(first).size !== width) return false;
  return first.every((cell, c) => cell !== null && isName(cell) && others.every((row) => row[c] !== cell));
}

function isName(text: string): boolean {
  return /^\p{L}[\p{L}\p{N} _.@-]*$/u.test(text) && !/^(?:true|false)$/i.test(text);
}

function rowDelimiterOf(sample: Uint8Array): string {
  const end = sample.indexOf(0x0a);
  if (end < 0) return sample.includes(0x0d) ? '\r' : '\n';
  return end > 0 && sample[end - 1] === 0x0d ? '\r\n' : '\n';
}

/** A cut sample may end inside a character. */
function withoutHalfCharacter(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && end > bytes.length - 4 && bytes[end - 1] >= 0x80) end--;
  return bytes.length < sampleBytesMax ? bytes : bytes.subarray(0, end);
}
