import { type Row, toRows } from '@rowtime/core';
import type { InputDecoder } from '../../src/decode/input-decoder.ts';
import { createJsonDecoder, type InputColumn, type JsonDecoderOptions } from '../../src/decode/json.ts';

export interface DecodedAll {
  readonly rows: Row[];
  readonly rejected: { name: string; message: string; record: string }[];
  readonly offset: number;
}

/** A whole input through a decoder: pushed in pieces that end at `cuts`, taken in batches of `batchRows`. */
export function decodeAll(
  options: JsonDecoderOptions,
  input: string | Uint8Array,
  cuts: readonly number[] = [],
  batchRows = 8192,
): DecodedAll {
  return decodeWith(createJsonDecoder(options), input, cuts, batchRows);
}

/** `decodeAll` through a decoder of any format. */
export function decodeWith(
  decoder: InputDecoder,
  input: string | Uint8Array,
  cuts: readonly number[] = [],
  batchRows = 8192,
): DecodedAll {
  const bytes = typeof input === 'string' ? Buffer.from(input) : input;
  const all: DecodedAll = { rows: [], rejected: [], offset: 0 };
  const take = () => collect(decoder, all);
  decoder.begin();
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...ends, bytes.length]) {
    decoder.push(bytes.subarray(from, to));
    from = to;
    while (decoder.decode(0, batchRows)) take();
  }
  decoder.end();
  while (decoder.decode(0, batchRows)) take();
  take();
  return { ...all, offset: decoder.offset };
}

/** Adds what the decoder has to what came before. */
export function collect(decoder: InputDecoder, { rows, rejected }: DecodedAll): void {
  const taken = decoder.take();
  if (taken.batch) rows.push(...toRows(decoder.schema, taken.batch).map(({ row }) => row));
  for (const { name, message, record } of taken.rejected) {
    rejected.push({ name, message, record: Buffer.from(record).toString('latin1') });
  }
}

const varchar = { kind: 'varchar', length: 32 } as const;

/** The columns of the captains' records. */
export const captainColumns: readonly InputColumn[] = [
  { name: 'COL_user', type: varchar, mapping: '$.user' },
  { name: 'favoritecaptain', type: varchar, mapping: '$.favoritecaptain' },
  { name: 'rating', type: { kind: 'integer' }, mapping: '$.rating' },
  { name: 'COL_timestamp', type: { kind: 'double' }, mapping: '$.timestamp' },
];
