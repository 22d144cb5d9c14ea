import type { Batch, Schema, SqlType } from '@rowtime/core';
import type { RowBatch } from '@rowtime/mirror';
import { createJsonEncoder } from '@rowtime/sinks/json';
import { createDecoder } from '@rowtime/sources/decoder';
import type { Place } from './place.ts';
import { type AlignedColumn, rowsOf } from './read-rows.ts';
import type { Recording } from './recording.ts';

const text: SqlType = { kind: 'varchar', length: null };

/** A stream of the application as the recording that a sink would write of it. */
export function ownRecording(place: Place, schema: Schema): Recording {
  const hasRowtime = schema.some(({ name }) => name === 'ROWTIME');
  const columns = schema.map(({ name, type }) => ({ name, type, mapping: mappingOf(name) }));
  const rowtime = { name: 'ROWTIME', type: { kind: 'timestamp' } as const, mapping: mappingOf('ROWTIME') };
  return {
    place,
    columns: hasRowtime ? columns : [rowtime, ...columns],
    csv: null,
    isNameless: false,
  };
}

/** Batches of the stream as rows: written as a sink writes them, and read as recorded ones are, so that a value which is the
 *  same is the same. */
export function ownRows(schema: Schema, columns: readonly AlignedColumn[]): (batch: Batch) => RowBatch {
  const encoder = createJsonEncoder(schema, { rowtime: 'iso' });
  const decoder = createDecoder({ columns: columns.map(({ name, mapping }) => ({ name, type: text, mapping })) });
  const indexes = columns.map((_, c) => c);
  return (batch) => {
    decoder.begin();
    decoder.push(encoder.encode(batch).bytes);
    decoder.end();
    const rows: RowBatch['rows'][number][] = [];
    for (let more = true; more; ) {
      more = decoder.decode(0, batch.length);
      const taken = decoder.take().batch;
      if (taken) for (const row of rowsOf(taken, indexes, null)) rows.push(row);
    }
    return { rows };
  };
}

function mappingOf(name: string): string {
  return `$['${name.replace(/['\\]/g, '\\$&')}']`;
}
