import type { S3BucketOptions } from './s3/bucket.ts';
import { S3Objects } from './s3/bucket.ts';
import { type ObjectSource, type ObjectSourceOptions, objectSource } from './s3/source.ts';

export type { S3BucketOptions, S3ClientOptions } from './s3/bucket.ts';
export { S3Objects } from './s3/bucket.ts';
export type { ObjectPosition, ObjectSource } from './s3/source.ts';

export interface S3SourceOptions extends S3BucketOptions, Omit<ObjectSourceOptions, 'store'> {}

/** Records of the objects under a prefix of a bucket, as a delivery stream lands them: see objectSource. */
export async function s3Source(options: S3SourceOptions): Promise<ObjectSource> {
  return objectSource({ ...options, store: await S3Objects.connect(options) });
}
