import { FirehoseClient } from '@aws-sdk/client-firehose';
import { S3Client } from '@aws-sdk/client-s3';

export function clients(endpoint: string): { s3: S3Client; firehose: FirehoseClient; close: () => void } {
  const common = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const s3 = new S3Client({ ...common, forcePathStyle: true, maxAttempts: 1 });
  const firehose = new FirehoseClient({ ...common, maxAttempts: 1 });
  return {
    s3,
    firehose,
    close() {
      s3.destroy();
      firehose.destroy();
    },
  };
}

/** The name and status that a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<{ name: string; status: number | undefined }> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
    return { name: error.name, status: $metadata?.httpStatusCode };
  }
  return { name: 'nothing was refused', status: 200 };
}
