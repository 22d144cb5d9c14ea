import type { Batch, Sink } from '@rowtime/core';
import type { RowEncoder } from './encode/row-encoder.ts';
import type { ObjectWriter } from './objects.ts';

/** The rows of a stream, each a record of an ObjectWriter. */
export function objectSink(objects: ObjectWriter, encoder: RowEncoder): Sink {
  return {
    local: objects.local,
    open: (prepared) => objects.open(prepared),
    write(batch: Batch) {
      const { bytes, ends } = encoder.encode(batch);
      objects.appendMany(bytes, ends, batch.rowtime, batch.length);
    },
    get pendingBytes() {
      return objects.pendingBytes;
    },
    advance: (watermark) => objects.advance(watermark),
    prepare: () => objects.prepare(),
    commit: (prepared) => objects.commit(prepared),
    close: () => objects.close(),
  };
}
