import type { Schema, Sink } from '@rowtime/core';
import { type ObjectFormat, objectEncoding } from './encode/object-format.ts';
import { objectSink } from './object-sink.ts';
import { type ObjectCut, ObjectWriter } from './objects.ts';
import { S3Bucket, type S3BucketOptions } from './s3-bucket.ts';

export { S3Bucket, type S3BucketOptions } from './s3-bucket.ts';

export interface S3SinkOptions extends ObjectCut, S3BucketOptions {
  readonly schema: Schema;
  /** A folder of this machine's disk, kept between runs: objects grow there until they are published. */
  readonly spool: string;
  /** Default: lines of JSON. */
  readonly format?: ObjectFormat;
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
  const { beforeStep = () => {} } = options;
  const { encoder, packing } = objectEncoding(schema, format, options.compression);
  const objects = new ObjectWriter({
    ...options,
    folder: spool,
    packing,
    bucket: (folder) => new S3Bucket(options, packing, folder, beforeStep),
  });
  return objectSink(objects, encoder);
}
