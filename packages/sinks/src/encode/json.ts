import type { Field, Schema } from '@rowtime/core';
import { encoder, putAscii, utf8 } from './bytes.ts';
import { BoolCell, type Cell, NumberCell, RowtimeCell, TextCell } from './cells.ts';
import { type Notation, numberWriter } from './numbers.ts';
import { type RowEncoder, rowEncoder } from './row-encoder.ts';

export interface JsonOptions {
  /** 'iso': ROWTIME is the first key, as `2024-01-01T00:01:00.000Z`, unless the schema has a column of that name. */
  readonly rowtime?: 'iso' | false;
  /** After each row. Firehose adds nothing between records, hence the default ''. */
  readonly delimiter?: string;
  /** Before each row. */
  readonly prefix?: string;
}

/** A row as one JSON object in UTF-8, keys in schema order, names as stored; NULL is null (AWS SQL reference, "Output").
 *  Numbers have the fewest digits that give the value back, DECIMAL has its scale's digits, a TIMESTAMP is
 *  `yyyy-MM-dd HH:mm:ss.SSS`, BINARY is base64. What JSON cannot say (NaN, infinities) is null. */
export function createJsonEncoder(schema: Schema, options: JsonOptions = {}): RowEncoder {
  const { prefix = '', delimiter = '' } = options;
  const ownRowtime = options.rowtime === 'iso' && !schema.some(({ name }) => name === 'ROWTIME');
  return rowEncoder({
    head: `${prefix}{`,
    rowtime: ownRowtime ? new RowtimeCell('"ROWTIME":"', '"') : null,
    cells: schema.map((field, i) => cellOf(field, i === 0 && !ownRowtime)),
    tail: `}${delimiter}`,
  });
}

const notation: Notation = { null: 'null', quotesTimes: true };

function cellOf({ name, type }: Field, first: boolean): Cell {
  const key = utf8(`${first ? '' : ','}${JSON.stringify(name)}:`);
  switch (type.kind) {
    case 'boolean':
      return new BoolCell(key, notation.null);
    case 'char':
    case 'varchar':
      return new TextCell(key, notation.null, putText);
    case 'binary':
    case 'varbinary':
      return new TextCell(key, notation.null, putBase64);
    default:
      return new NumberCell(key, notation.null, numberWriter(type, notation));
  }
}

function putText(out: Uint8Array, from: number, text: string): number {
  let at = from;
  out[at++] = quote;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char < 0x20 || char > 0x7e || char === quote || char === backslash) {
      return from + encoder.encodeInto(JSON.stringify(text), out.subarray(from)).written;
    }
    out[at++] = char;
  }
  out[at++] = quote;
  return at;
}

function putBase64(out: Uint8Array, at: number, hex: string): number {
  return putAscii(out, at, `"${Buffer.from(hex, 'hex').toString('base64')}"`);
}

const quote = 0x22;
const backslash = 0x5c;
