import type { Schema, Sink } from '@rowtime/core';
import { type ObjectFormat, objectEncoding } from './encode/object-format.ts';
import { safeName } from './layout.ts';
import { objectSink } from './object-sink.ts';
import { type ObjectCut, ObjectWriter } from './objects.ts';

export { SinkError } from './errors.ts';

export interface FileSinkOptions extends ObjectCut {
  readonly folder: string;
  readonly schema: Schema;
  /** Default: lines of JSON, ROWTIME first as `rowtime` says. */
  readonly format?: ObjectFormat;
  /** Whether ROWTIME comes first in a row, where `format` is left out. Default 'iso'. */
  readonly rowtime?: 'iso' | false;
  /** See ObjectOptions. */
  readonly beforeStep?: (step: string) => void;
}

/** The rows of a stream as lines of JSON in `<folder>/<stream>/YYYY/MM/DD/HH/`: exactly once, with the same names and bytes
 *  whatever died on the way. People read these files, so each line ends and begins with its minute, unlike Firehose's. */
export function fileSink({ schema, rowtime = 'iso', ...options }: FileSinkOptions): Sink {
  const { prefix = `${safeName(options.stream)}/`, format = { type: 'JSON', rowtime, delimiter: '\n' } } = options;
  const { encoder, packing } = objectEncoding(schema, format, options.compression);
  return objectSink(new ObjectWriter({ ...options, prefix, packing }), encoder);
}
