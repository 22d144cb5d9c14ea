import type { Field, Schema } from '@rowtime/core';
import { encoder, putAscii, utf8 } from './bytes.ts';
import { BoolCell, type Cell, NumberCell, RowtimeCell, TextCell, type TextWriter } from './cells.ts';
import { type Notation, numberWriter } from './numbers.ts';
import { type RowEncoder, rowEncoder } from './row-encoder.ts';

export interface CsvOptions {
  /** 'iso': ROWTIME is the first column, as `2024-01-01T00:01:00.000Z`, unless the schema has a column of that name. */
  readonly rowtime?: 'iso' | false;
  /** Between columns: one character that is neither a quote nor the end of a line. Default a comma. */
  readonly separator?: string;
  /** After each row. Without one nobody can tell rows apart, hence the default `\n`. */
  readonly delimiter?: string;
}

/** A row as a line of CSV in UTF-8, columns in schema order, no header. Numbers and times are written as in JSON (json.ts),
 *  a time without quotes. NULL is nothing, and so that it is told from NULL an empty text is `""`. A text with a separator, a
 *  quote or an end of line is quoted, its quotes doubled (RFC 4180). */
export function createCsvEncoder(schema: Schema, options: CsvOptions = {}): RowEncoder {
  const { separator = ',', delimiter = '\n' } = options;
  if (!/^[^"\r\n]$/u.test(separator)) {
    throw new RangeError('the separator of CSV is one character, neither a quote nor the end of a line');
  }
  const ownRowtime = options.rowtime === 'iso' && !schema.some(({ name }) => name === 'ROWTIME');
  const putText = textWriter([separator, delimiter, '\r', '\n', '"']);
  return rowEncoder({
    head: '',
    rowtime: ownRowtime ? new RowtimeCell('', '') : null,
    cells: schema.map(({ type }, i) => cellOf(type, utf8(i === 0 && !ownRowtime ? '' : separator), putText)),
    tail: delimiter,
  });
}

const notation: Notation = { null: '', quotesTimes: false };

function cellOf(type: Field['type'], before: Uint8Array, putText: TextWriter): Cell {
  switch (type.kind) {
    case 'boolean':
      return new BoolCell(before, notation.null);
    case 'char':
    case 'varchar':
      return new TextCell(before, notation.null, putText);
    case 'binary':
    case 'varbinary':
      return new TextCell(before, notation.null, putBase64);
    default:
      return new NumberCell(before, notation.null, numberWriter(type, notation));
  }
}

function textWriter(special: readonly string[]): TextWriter {
  const isQuoted = (text: string): boolean => text === '' || special.some((part) => part !== '' && text.includes(part));
  return (out, at, text) => {
    const written = isQuoted(text) ? `"${text.replaceAll('"', '""')}"` : text;
    return at + encoder.encodeInto(written, out.subarray(at)).written;
  };
}

function putBase64(out: Uint8Array, at: number, hex: string): number {
  return putAscii(out, at, hex === '' ? '""' : Buffer.from(hex, 'hex').toString('base64'));
}
