// The test server in a process of its own. Prints its address.
import { startTestServer } from '@rowtime/testing';

const { url, s3, firehose } = await startTestServer({ keepsRecords: false });
s3.createBucket('bench');
firehose.create('bench', {
  bucket: 'bench',
  roleArn: 'arn:aws:iam::000000000000:role/bench',
  prefix: '',
  errorPrefix: null,
  bufferBytes: 5 << 20,
  bufferMs: 300_000,
  compression: 'UNCOMPRESSED',
  timeZone: 'UTC',
});
console.log(url);
