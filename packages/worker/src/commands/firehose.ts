import type { Command } from 'commander';
import { duration, positive, whole } from './flags.ts';

export function firehoseCommand(program: Command): void {
  program
    .command('firehose')
    .description('a delivery stream of your own: takes records as Amazon Data Firehose does and lands them in a bucket')
    .option('--stream <name>', 'the delivery stream that is there from the start', 'captains-kfh')
    .requiredOption('--bucket <place>', 'where its objects go, in YYYY/MM/DD/HH/: a folder, or s3://bucket/prefix')
    .option('--region <name>', 'where a bucket of S3 is (default: as every AWS program finds it)')
    .option('--endpoint <url>', 'where S3 is, if not in AWS: a store that speaks it')
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <n>', 'where to listen; 0 takes a free port', whole, 4573)
    .option('--buffer-size <MiB>', 'an object is delivered with this size', positive, 5)
    .option('--buffer-interval <time>', 'or when it is so old', duration, 300_000)
    .option('--stop-timeout <time>', 'how long a stop waits for an S3 that does not answer', duration, 45_000)
    .option(
      '--state <folder>',
      'records that are not yet delivered (default: .rowtime in the bucket; for S3 rowtime-firehose)',
    )
    .addHelpText(
      'after',
      `
Producers send to it with an endpoint URL, whatever their credentials are:
  rowtime firehose --stream captains-kfh --bucket ./bucket
  rowtime firehose --stream captains-kfh --bucket s3://captains/raw/ --region eu-central-1
  AWS_ENDPOINT_URL_FIREHOSE=http://127.0.0.1:4573 python producer.py

With ROWTIME_FIREHOSE_ACCESS_KEY set, a delivery stream in AWS can deliver to /firehose/<stream> as its HTTP endpoint.`,
    )
    .action(async (options: FirehoseFlags) => {
      const { firehose } = await import('../firehose.ts');
      await firehose({
        stream: options.stream,
        bucket: options.bucket,
        region: options.region ?? null,
        endpoint: options.endpoint ?? null,
        host: options.host,
        port: options.port,
        state: options.state ?? null,
        bufferBytes: Math.round(options.bufferSize * 2 ** 20),
        bufferMs: options.bufferInterval,
        stopMs: options.stopTimeout,
        accessKey: process.env['ROWTIME_FIREHOSE_ACCESS_KEY'] || null,
      });
    });
}

interface FirehoseFlags {
  stream: string;
  bucket: string;
  region?: string;
  endpoint?: string;
  host: string;
  port: number;
  bufferSize: number;
  bufferInterval: number;
  stopTimeout: number;
  state?: string;
}
