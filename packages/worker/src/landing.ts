import { objectLayout } from '@rowtime/sinks/layout';
import { type ObjectCut, ObjectWriter } from '@rowtime/sinks/objects';
import { parseS3Url } from './application/arn.ts';
import { CommandError } from './exit.ts';

/** Where the records of a delivery stream land, as they are. */
export interface LandingPlace {
  /** A folder, or s3://bucket/prefix. */
  readonly bucket: string;
  /** Of a bucket of S3; what is left out comes from the SDK's own chain. */
  readonly s3: { readonly region?: string; readonly endpoint?: string; readonly forcePathStyle?: boolean };
  /** Aborted: what S3 does not take now is left to the next process. */
  readonly stop: AbortSignal;
  readonly onRetry?: (retry: { readonly action: string; readonly resource: string; readonly error: unknown }) => void;
}

/** Objects of a delivery stream. `spool`: where they grow on their way to S3; those of a folder grow in it. */
export async function landingIn(place: LandingPlace, cut: ObjectCut, spool: string): Promise<ObjectWriter> {
  const url = parseS3Url(place.bucket);
  const own = { ...cut, prefix: prefixIn(place.bucket, cut.prefix) };
  expectPrefix(place.bucket, own);
  if (!url) return new ObjectWriter({ ...own, folder: place.bucket });
  const { S3Bucket } = await import('@rowtime/sinks/s3');
  const { s3, stop, onRetry } = place;
  const options = { ...s3, bucket: url.bucket, stop, ...(onRetry && { onRetry }) };
  return new ObjectWriter({
    ...own,
    folder: spool,
    bucket: (folder) => new S3Bucket(options, cut.compression ?? 'none', folder, () => {}),
  });
}

/** A prefix of a delivery stream, under that of the place. */
export function prefixIn(bucket: string, prefix = ''): string {
  return `${parseS3Url(bucket)?.prefix ?? ''}${prefix}`;
}

function expectPrefix(bucket: string, cut: ObjectCut): void {
  try {
    objectLayout(cut);
  } catch (error) {
    if (error instanceof RangeError) throw new CommandError(`bucket ${bucket}: ${error.message}`);
    throw error;
  }
}
