import type { Batch, Schema, Sink } from '@rowtime/core';
import { createJsonEncoder } from './encode/json.ts';
import { safeName } from './layout.ts';
import { ObjectWriter } from './objects.ts';

export interface FileSinkOptions {
  readonly folder: string;
  readonly stream: string;
  readonly schema: Schema;
  /** See ObjectOptions: 1 MiB and 60 s of ROWTIME, whichever comes first. */
  readonly bufferBytes?: number;
  readonly bufferMs?: number;
  /** Whether ROWTIME comes first in a row. Default 'iso'. */
  readonly rowtime?: 'iso' | false;
  /** See ObjectOptions. */
  readonly beforeStep?: (step: string) => void;
}

/** The rows of a stream as lines of JSON in `<folder>/<stream>/YYYY/MM/DD/HH/`: exactly once, with the same names and bytes
 *  whatever died on the way. People read these files, so each line ends and begins with its minute, unlike Firehose's. */
export function fileSink({ folder, stream, schema, rowtime = 'iso', ...options }: FileSinkOptions): Sink {
  const encoder = createJsonEncoder(schema, { rowtime, delimiter: '\n' });
  const objects = new ObjectWriter({ ...options, folder, prefix: `${safeName(stream)}/`, stream });
  return {
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
