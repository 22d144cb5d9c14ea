import type { Schema, Sink } from '@rowtime/core';
import { createEncoder, type RowFormat } from './encode/format.ts';
import { objectSink } from './object-sink.ts';
import { type ObjectCut, ObjectWriter } from './objects.ts';
import { S3Bucket, type S3BucketOptions } from './s3-bucket.ts';

export interface S3SinkOptions extends ObjectCut, S3BucketOptions {
  readonly schema: Schema;
  /** A folder of this machine's disk, kept between runs: objects grow there until they are published. */
  readonly spool: string;
  /** Default: lines of JSON. */
  readonly format?: RowFormat;
  /** See ObjectOptions. Also called before each request that changes something. */
  readonly beforeStep?: (step: string) => void;
}

/** The rows of a stream as S3 objects named as Firehose names them, so that tables over a delivery stream's bucket read them
 *  too: exactly once, with the same names and contents whatever died on the way.
 *
 *      write ──► memory ──prepare──► spool, fsync ──► checkpoint ──commit──► PUT, If-None-Match: *
 *
 *  An object with the name that it would take is compared: ours, from a commit that was cut off, is accepted; another one is
 *  an error. While S3 does not answer, commit waits, and the job with it. */
export function s3Sink({ schema, spool, format = { type: 'JSON', delimiter: '\n' }, ...options }: S3SinkOptions): Sink {
  const { compression = 'none', beforeStep = () => {} } = options;
  const encoder = createEncoder(schema, format);
  const objects = new ObjectWriter({
    ...options,
    folder: spool,
    bucket: (folder) => new S3Bucket(options, compression, folder, beforeStep),
  });
  return objectSink(objects, encoder);
}
